package needs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhatIsSkipped prints what this machine lacks, and which tests go test ./... skips because of that. It is skipped
// itself then, and fails with CI=true.
func TestWhatIsSkipped(t *testing.T) {
	lacking := report()
	if lacking == "" {
		t.Log("go test ./... skips nothing for lack of a program")
		return
	}
	Missing(t, "go test ./... skips tests, because this machine lacks programs.\n"+lacking)
}

// report returns three lines for each need that is missing.
func report() string {
	var b strings.Builder
	for _, n := range list {
		if n.path() == "" {
			fmt.Fprintf(&b, "%s is missing\n  skipped: %s\n  on Debian: %s\n", n.name, n.skipped, n.install)
		}
	}
	return b.String()
}

// TestReport checks what a newcomer reads on a machine that has only a shell.
func TestReport(t *testing.T) {
	t.Setenv("PATH", Folder(t, "sh"))
	got := report()
	want := `chromium is missing
  skipped: wsclient/js/chromium; broker/dashboard/chromium; TestBrowser and a part of TestPages of examples
  on Debian: apt-get install chromium
node is missing
`
	if !strings.HasPrefix(got, want) || strings.Contains(got, "\nsh is missing") {
		t.Errorf("got\n%s\nwant at the beginning\n%s", got, want)
	}
}

// A recorder records how a test ends.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(args ...any) { r.skipped = fmt.Sprint(args...); panic(errEnded) }

func (r *recorder) Fatal(args ...any) { r.failed = fmt.Sprint(args...); panic(errEnded) }

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

var errEnded = errors.New("the test has ended")

// record runs a test that is expected to end.
func record(t *testing.T, test func(t testing.TB)) (r *recorder) {
	t.Helper()
	r = &recorder{TB: t}
	defer func() {
		if p := recover(); p != errEnded { //nolint:errorlint // a value that this file panics with
			t.Errorf("the test did not end: %v", p)
		}
	}()
	test(r)
	return r
}

// TestMissing checks that one message names all that is missing, and that CI=true makes it a failure.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", Folder(t, "sh"))
	need := func(t testing.TB) { Programs(t, "cat", "sh", "mkfifo") }
	t.Setenv("CI", "")
	if r := record(t, need); r.skipped != "missing: cat, mkfifo" || r.failed != "" {
		t.Errorf("skipped with %q, failed with %q", r.skipped, r.failed)
	}
	t.Setenv("CI", "true")
	if r := record(t, need); r.failed != "missing: cat, mkfifo" || r.skipped != "" {
		t.Errorf("skipped with %q, failed with %q", r.skipped, r.failed)
	}
	r := record(t, func(t testing.TB) { Program(t, "cobol") })
	if !strings.Contains(r.failed, "cobol is not in the list") {
		t.Errorf("failed with %q", r.failed)
	}
}

// TestFolder checks that a PATH of this folder finds the programs and no others.
func TestFolder(t *testing.T) {
	folder := Folder(t, "sh", "cat")
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Fatalf("the folder has %v: %v", entries, err)
	}
	out, err := exec.Command(filepath.Join(folder, "sh"), "-c", "PATH="+folder+"; echo hello | cat; head -1 <&-").
		CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "hello\n") || !strings.Contains(string(out), "head") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestContinuousIntegration checks that .ci/run installs what Debian may lack.
func TestContinuousIntegration(t *testing.T) {
	run, err := os.ReadFile("../../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	essential := []string{ // in every Debian
		"bash", "coreutils", "dash", "dpkg", "grep", "sed", "tar", "util-linux",
	}
	for _, n := range list {
		name, isPackage := strings.CutPrefix(n.install, "apt-get install ")
		if isPackage && slices.Contains(essential, name) {
			continue
		}
		want := "npm ci --prefix"
		if isPackage {
			want = "missing+=(" + name + ")"
		}
		if !strings.Contains(string(run), want) {
			t.Errorf(".ci/run does not install %s: it has no %s", n.name, want)
		}
	}
}
