package js_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var imported = regexp.MustCompile(`from "\./([^"]*)"`)

// TestNode runs the tests of the client, against a broker in this process, on Node, with
// its own WebSocket, which Node 20 has behind a flag.
func TestNode(t *testing.T) {
	node := needNode(t)
	runTests(t, node, "LOCKBROKER_WEBSOCKET=")
}

// TestNodeWithWS runs them with the WebSocket of the package ws, which is what programs on
// Node 20 use.
func TestNodeWithWS(t *testing.T) {
	node := needNode(t)
	find := exec.Command(node, "--input-type=commonjs", "-e", `require("ws")`)
	if out, err := find.CombinedOutput(); err != nil {
		missing(t, "the package ws is not installed (apt-get install node-ws, or npm, and NODE_PATH): %s", firstLine(out))
	}
	runTests(t, node, "LOCKBROKER_WEBSOCKET=ws")
}

// TestFiles: a page finds all that client.js imports beside it, and no tests.
func TestFiles(t *testing.T) {
	entries, err := fs.ReadDir(js.Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	embedded := make(map[string]bool)
	for _, entry := range entries {
		embedded[entry.Name()] = true
	}
	for name := range embedded {
		text, err := fs.ReadFile(js.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range imported.FindAllSubmatch(text, -1) {
			if part := string(match[1]); !embedded[part] {
				t.Errorf("%s imports %s, which is not there", name, part)
			}
		}
		if ext := filepath.Ext(name); ext != ".js" && name != "index.d.ts" {
			t.Errorf("%s is there", name)
		}
	}
	if !embedded["client.js"] {
		t.Error("client.js is not there")
	}
}

func runTests(t *testing.T, node string, environment ...string) {
	tests, err := filepath.Glob("test/*.test.js")
	if err != nil || len(tests) == 0 {
		t.Fatalf("there are no tests: %v", err)
	}
	command := []string{"--expose-gc", "--no-warnings", "--test", "--test-reporter=spec"}
	if majorVersion(t, node) < 22 {
		command = append(command, "--experimental-websocket")
	}
	cmd := exec.CommandContext(t.Context(), node, append(command, tests...)...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Env = append(cmd.Env, "LOCKBROKER_URL="+startBroker(t), "LOCKBROKER_TABLES="+tables(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// needNode is the path of node, in a version that can run the client.
func needNode(t *testing.T) string {
	node, err := exec.LookPath("node")
	if errors.Is(err, exec.ErrNotFound) {
		missing(t, "node is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	if v := majorVersion(t, node); v < 20 {
		missing(t, "node is of version %d, and 20 is needed", v)
	}
	return node
}

func majorVersion(t *testing.T, node string) int {
	out, err := exec.Command(node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "v"), ".")
	version, err := strconv.Atoi(major)
	if err != nil {
		t.Fatalf("node --version says %s", out)
	}
	return version
}

// missing skips the test, or fails it where everything is to be tested.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format+" (with CI=true that is a failure)", args...)
	}
	t.Skipf(format, args...)
}

func firstLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Error: ") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(string(out))
}

// startBroker starts one, and returns what clients dial.
func startBroker(t *testing.T) string {
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	server := httptest.NewServer(b.Handler())
	t.Cleanup(func() {
		cancel()
		running.Wait()
		server.Close()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// tables are those of the protocol, for the test that compares them with the client's.
func tables(t *testing.T) string {
	all := map[string]map[string]wire.Retry{"errorCodes": {}, "closeCodes": {}, "httpStatuses": {}}
	for _, row := range wire.ErrorCodes() {
		all["errorCodes"][string(row.Code)] = row.Retry
	}
	for _, row := range wire.CloseCodes() {
		all["closeCodes"][strconv.Itoa(row.Code)] = row.Retry
	}
	for _, row := range wire.HTTPStatuses() {
		all["httpStatuses"][strconv.Itoa(row.Status)] = row.Retry
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
