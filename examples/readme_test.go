//go:build unix

package examples

import (
	"bufio"
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

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestReadme follows README.md from top to bottom. It runs each sh block and compares the output with the text block
// below, if there is one. It builds and runs the go block, and runs the js block in a page. Only the ports differ, so
// that other programs on this machine do not matter.
func TestReadme(t *testing.T) {
	r := &reader{}
	for _, block := range readBlocks(t) {
		switch block.language {
		case "sh":
			r.shell(t, block)
		case "go":
			r.program(t, block)
		case "js":
			r.page(t, block)
		}
	}
	want := []string{
		"brokerd", "go test", "program", "shared", "info", "run", "counter", "fencedtable", "page",
		"browser", "node",
	}
	if !slices.Equal(r.did, want) {
		t.Errorf("README.md led to the steps %q, want %q", r.did, want)
	}
}

// A block is a fenced code block.
type block struct {
	language, text string
	output         string // the text block below
}

func readBlocks(t *testing.T) []block {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	fenced := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")
	for _, m := range fenced.FindAllStringSubmatch(string(readme), -1) {
		if m[1] == "text" && len(blocks) > 0 {
			blocks[len(blocks)-1].output = m[2]
			continue
		}
		blocks = append(blocks, block{language: m[1], text: m[2]})
	}
	return blocks
}

// A reader follows the instructions that it reads.
type reader struct {
	did     []string
	address string // of the broker that the reader has started
}

func (r *reader) url() string { return "ws://" + r.address }

func (r *reader) shell(t *testing.T, b block) {
	t.Helper()
	command := strings.TrimSuffix(b.text, "\n")
	switch {
	case command == "go run ./cmd/brokerd":
		r.did = append(r.did, "brokerd")
		r.broker(t, command)
	case strings.HasPrefix(command, "go test "):
		r.did = append(r.did, "go test")
		checkTestCommand(t, command)
	case command == "go run ./examples/shared":
		r.did = append(r.did, "shared")
		// The example reads no environment variable for the address.
		r.start(t, command+" --broker "+r.url())
		until(t, r.url(), longAndShort)
	case strings.HasPrefix(command, "go run ./cmd/brokerctl info"):
		r.did = append(r.did, "info")
		// The locks may change between the check and the command, so try until they match.
		for ctx := testContext(t); ctx.Err() == nil; {
			until(t, r.url(), longAndShort)
			if r.prints(t, command, b.output) {
				return
			}
		}
		t.Errorf("%s never printed what README.md shows:\n%s", command, b.output)
	case strings.HasPrefix(command, "go run ./cmd/brokerctl run"):
		r.did = append(r.did, "run")
		if !r.prints(t, command, b.output) {
			t.Errorf("%s did not print what README.md shows:\n%s", command, b.output)
		}
	case command == "go run ./examples/browser":
		r.did = append(r.did, "browser") // run by TestBrowser
	case strings.HasPrefix(command, "node "):
		r.did = append(r.did, "node")
		args := strings.Fields(strings.ReplaceAll(command, "ws://127.0.0.1:27002", r.url()))
		cmd := jstest.Node(t, args[slices.Index(args, "examples/node/deploy.mjs"):]...)
		cmd.Dir = ".."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	case command == "go run ./examples/counter", command == "go run ./examples/fencedtable":
		r.did = append(r.did, filepath.Base(command))
		if !r.prints(t, command, b.output) {
			t.Errorf("%s did not print what README.md shows:\n%s", command, b.output)
		}
	default:
		t.Errorf("README.md has a command that is not run here: %q", command)
	}
}

// page runs the js block in a page that defines order and save.
func (r *reader) page(t *testing.T, b block) {
	t.Helper()
	r.did = append(r.did, "page")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<script type="module">
			const order = 42;
			const save = async (order, { token, signal }) => {
				globalThis.saved = order === 42 && token > 0 && !signal.aborted;
			};
			`+strings.ReplaceAll(b.text, "127.0.0.1:27002", r.address)+`</script>`)
	}))
	defer page.Close()
	tab := jstest.Start(t).Open(t, page.URL)
	if !jstest.Evaluate[bool](testContext(t), tab, inPage("globalThis.saved")) {
		t.Error("the page of README.md does not save")
	}
}

// checkTestCommand checks that .ci/run runs the test command of README.md: it takes the first line that begins with
// "go test". A test that ran all tests would never end.
func checkTestCommand(t *testing.T, command string) {
	t.Helper()
	ci, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if command != "go test ./..." || !strings.Contains(string(ci), `grep -m1 -o '^go test .*' README.md`) {
		t.Errorf("the command is %q; want go test ./..., and .ci/run must take it from README.md", command)
	}
}

// broker starts a broker and waits until it listens.
func (r *reader) broker(t *testing.T, command string) {
	t.Helper()
	log := bufio.NewScanner(r.start(t, command))
	for log.Scan() {
		var line struct{ Message, Address string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatalf("log line %q: %v", log.Text(), err)
		}
		if line.Message == "listening" {
			r.address = line.Address
			return
		}
	}
	t.Fatal("the broker ended before it listened")
}

// start runs a command in the background until the test ends, and returns its standard error.
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
		_, _ = io.Copy(io.Discard, stderr) // until all processes have closed it
		_ = cmd.Wait()
	})
	return stderr
}

// prints runs a command and reports whether it prints the wanted text. The order of the locks, ids and durations may
// differ.
func (r *reader) prints(t *testing.T, command, want string) bool {
	t.Helper()
	cmd := r.command(t, command)
	cmd.Stderr = os.Stderr
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	same := slices.Equal(paragraphs(string(got)), paragraphs(want))
	if !same {
		t.Logf("%s printed\n%s", command, got)
	}
	return same
}

func paragraphs(text string) []string {
	text = regexp.MustCompile(`#[a-z0-9]{8}--[0-9]+`).ReplaceAllString(text, "#ID")
	text = regexp.MustCompile(`[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{6}`).ReplaceAllString(text, "H:MM:SS.ffffff")
	return slices.Sorted(strings.SplitSeq(text, "\n\n"))
}

func (r *reader) command(t *testing.T, command string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), "sh", "-c", command)
	cmd.Dir = ".."
	host, port, _ := strings.Cut(r.address, ":")
	// The page of the README has another port, so it is another origin.
	cmd.Env = append(os.Environ(), "BROKERD_PORT=0", "BROKERD_ALLOW_ORIGIN=http://127.0.0.1:*",
		"BROKERCTL_HOST="+host, "BROKERCTL_PORT="+port)
	return cmd
}

// program builds the go block inside this module and runs it.
func (r *reader) program(t *testing.T, b block) {
	t.Helper()
	r.did = append(r.did, "program")
	source := filepath.Join(t.TempDir(), "main.go")
	text := strings.ReplaceAll(b.text, "127.0.0.1:27002", r.address)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := output(t, build(t, source)), "nobody else is in here\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
}
