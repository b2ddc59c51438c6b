//go:build unix

package examples

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// A reader follows the instructions of a page.
type reader struct {
	page     string
	programs string // the folder of brokerd and brokerctl
	did      []string
	address  string // of the broker that the reader has started
	module   string // the folder of the reader's own module, outside this one
}

func (r *reader) url() string { return "ws://" + r.address }

func (r *reader) execute(t *testing.T, b block) {
	t.Helper()
	switch b.language {
	case "sh":
		r.shell(t, b)
	case "go":
		r.program(t, b)
	case "js":
		if !slices.Contains(r.did, "page") { // later blocks are parts of a program
			r.inBrowser(t, b)
		}
	}
}

// alone are the examples that start their own broker, and print the same each time.
var alone = []string{"counter", "fencedtable", "fencedendpoint", "opentelemetry", "slog"}

// shell runs a command. Some commands need special treatment.
func (r *reader) shell(t *testing.T, b block) {
	t.Helper()
	command, cloned := strings.CutPrefix(strings.TrimSuffix(b.text, "\n"), clone)
	if cloned {
		r.did = append(r.did, "clone")
	}
	if r.goTool(t, command, b.output) {
		return
	}
	words := strings.Fields(strings.TrimPrefix(command, "go run ./cmd/"))
	switch {
	case words[0] == "brokerd":
		r.did = append(r.did, "brokerd")
		r.broker(t, strings.ReplaceAll(command, "/var/lib/brokerd", t.TempDir()))
	case command == "go run ./examples/shared":
		r.did = append(r.did, "shared")
		// The example reads no environment variable for the address.
		r.start(t, command+" --broker "+r.url())
		until(t, r.url(), longAndShort)
	case words[0] == "brokerctl" && (words[1] == "info" || words[1] == "why"):
		r.did = append(r.did, words[1])
		r.printsInTheEnd(t, command, b.output)
	case words[0] == "brokerctl":
		r.did = append(r.did, words[1])
		r.mustPrint(t, command, b.output)
	case command == "go run ./examples/browser":
		r.did = append(r.did, "browser") // run by TestBrowser
	case words[0] == "node":
		r.did = append(r.did, "node")
		r.node(t, command)
	case command == "go run ./examples/metadata":
		r.did = append(r.did, "metadata")
		r.mustPrint(t, command+" --broker "+r.url(), b.output)
	case slices.Contains(alone, filepath.Base(command)):
		r.did = append(r.did, filepath.Base(command))
		r.mustPrint(t, command, b.output)
	default:
		t.Errorf("%s has a command that is not run here: %q", r.page, command)
	}
}

// goTool runs the commands that test and build. It reports whether command is one of them.
func (r *reader) goTool(t *testing.T, command, output string) bool {
	t.Helper()
	switch {
	case command == "go test -v -run TestWhatIsSkipped ./broker/brokertest/needs":
		r.did = append(r.did, "go test -v")
		if got, err := r.output(t, command); err != nil || !strings.Contains(got, "go test ./... skips") {
			t.Errorf("%s: %v\n%s", command, err, got)
		}
	case strings.HasPrefix(command, "go test "):
		r.did = append(r.did, "go test")
		checkTestCommand(t, command)
	case strings.HasPrefix(command, "mkdir ../"):
		r.did = append(r.did, "module")
		r.makeModule(t, command)
	case command == "go mod tidy\ngo run .":
		r.did = append(r.did, "program")
		r.mustPrint(t, command, output)
		r.module = ""
	case command == "go install ./cmd/...":
		r.did = append(r.did, "install")
		r.install(t, command)
	case strings.HasPrefix(command, "go run github.com/CycloneDX/cyclonedx-gomod"):
		r.did = append(r.did, "sbom") // run by .ci/supply-chain: it downloads and compiles a program
	default:
		return false
	}
	return true
}

func (r *reader) node(t *testing.T, command string) {
	t.Helper()
	args := strings.Fields(strings.ReplaceAll(command, "ws://127.0.0.1:27002", r.url()))
	cmd := jstest.Node(t, args[slices.Index(args, "examples/node/deploy.mjs"):]...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
}

// inBrowser runs a js block in a page that defines order and save.
func (r *reader) inBrowser(t *testing.T, b block) {
	t.Helper()
	r.did = append(r.did, "page")
	text := strings.ReplaceAll(b.text, `from "lockbroker"`, `from "http://127.0.0.1:27002/client.js"`)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<script type="module">
			const order = 42;
			const save = async (order, { token, signal }) => {
				globalThis.saved = order === 42 && token > 0 && !signal.aborted;
			};
			`+strings.ReplaceAll(text, "127.0.0.1:27002", r.address)+`
			change(order);</script>`)
	}))
	defer page.Close()
	tab := jstest.Start(t).Open(t, page.URL)
	if !jstest.Evaluate[bool](testContext(t), tab, inPage("globalThis.saved")) {
		t.Errorf("the page of %s does not save", r.page)
	}
}

// checkTestCommand checks that .ci/run runs the test command of README.md: it takes the first line that begins with
// "go test". A test that ran all tests would never end.
func checkTestCommand(t *testing.T, command string) {
	t.Helper()
	taken := strings.Contains(read(t, "../.ci/run"), `grep -m1 -o '^go test .*' README.md`)
	if command != "go test ./..." || !taken {
		t.Errorf("the command is %q; want go test ./..., and that .ci/run takes it from README.md", command)
	}
}

// broker starts a broker and waits until it listens.
func (r *reader) broker(t *testing.T, command string) {
	t.Helper()
	r.address = awaitListening(t, r.start(t, command))
}

// awaitListening reads the log of a broker until it listens, and returns the address.
func awaitListening(t *testing.T, stderr io.Reader) string {
	t.Helper()
	log := bufio.NewScanner(stderr)
	for log.Scan() {
		var line struct{ Message, Address string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatalf("log line %q: %v", log.Text(), err)
		}
		if line.Message == "listening" {
			return line.Address
		}
	}
	t.Fatal("the broker does not listen")
	return ""
}

// start runs a command in the background until the test ends, and returns its stderr.
func (r *reader) start(t *testing.T, command string) io.Reader {
	t.Helper()
	cmd := r.command(t, command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run has a child
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		_, _ = io.Copy(io.Discard, stderr) // until no process has it open
		_ = cmd.Wait()
	})
	return stderr
}

// mustPrint runs a command, which must print what the page shows.
func (r *reader) mustPrint(t *testing.T, command, want string) {
	t.Helper()
	got, err := r.output(t, command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	if !slices.Equal(paragraphs(got), paragraphs(want)) {
		t.Errorf("%s printed\n%s\n%s shows\n%s", command, got, r.page, want)
	}
}

// printsInTheEnd runs a command until it prints what the page shows. The locks may change between the check and the
// command, so it tries again.
func (r *reader) printsInTheEnd(t *testing.T, command, want string) {
	t.Helper()
	var got string
	for ctx := testContext(t); ctx.Err() == nil; {
		until(t, r.url(), longAndShort)
		var err error
		got, err = r.output(t, command)
		if err == nil && slices.Equal(paragraphs(got), paragraphs(want)) {
			return
		}
	}
	t.Errorf("%s printed in the end\n%s\n%s shows\n%s", command, got, r.page, want)
}

func (r *reader) output(t *testing.T, command string) (string, error) {
	t.Helper()
	cmd := r.command(t, command)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

// paragraphs returns the paragraphs of a text, sorted, because locks may be listed in another order. It replaces ids
// and durations, which differ from run to run.
func paragraphs(text string) []string {
	text = regexp.MustCompile(`[a-z0-9]{8}--[0-9]+`).ReplaceAllString(text, "ID")
	text = regexp.MustCompile(`[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{6}`).ReplaceAllString(text, "H:MM:SS.ffffff")
	return slices.Sorted(strings.SplitSeq(text, "\n\n"))
}

func (r *reader) command(t *testing.T, command string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), needs.Program(t, "sh"), "-c", command)
	cmd.Dir = cmp.Or(r.module, "..")
	host, port, _ := strings.Cut(r.address, ":")
	cmd.Env = append(os.Environ(),
		"PATH="+r.programs+string(os.PathListSeparator)+os.Getenv("PATH"),
		"BROKERD_PORT=0",
		"BROKERD_ALLOW_ORIGIN=http://127.0.0.1:*", // the page has another port, so it is another origin
		"BROKERCTL_HOST="+host, "BROKERCTL_PORT="+port)
	return cmd
}

// program builds a go block inside this module and runs it. It must print the text below the block,
// or what the block itself prints.
//
// If the page has led to a module, program only saves it there.
func (r *reader) program(t *testing.T, b block) {
	t.Helper()
	folder := cmp.Or(r.module, t.TempDir())
	source := filepath.Join(folder, "main.go")
	text := strings.ReplaceAll(b.text, "127.0.0.1:27002", r.address)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if r.module != "" {
		return
	}
	r.did = append(r.did, "program")
	want := b.output
	if want == "" {
		want = regexp.MustCompile(`Println\("(.*)"\)`).FindStringSubmatch(text)[1] + "\n"
	}
	if got := output(t, build(t, source)); got != want {
		t.Errorf("the program of %s prints %q, want %q", r.page, got, want)
	}
}

// installPrograms builds brokerd and brokerctl, and returns the folder in which they are.
func installPrograms(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	build := exec.CommandContext(testContext(t), "go", "build", "-o", folder, "../cmd/brokerd", "../cmd/brokerctl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return folder
}
