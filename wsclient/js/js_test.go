package js_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/js"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var imported = regexp.MustCompile(`from "\./([^"]*)"`)

// TestNode runs the tests of the client on Node, against a broker in this process. It uses Node's own WebSocket,
// which Node 20 has behind a flag.
func TestNode(t *testing.T) {
	runTests(t, "LOCKBROKER_WEBSOCKET=")
}

// TestNodeWithWS runs the same tests with the WebSocket of the package ws, which programs on Node 20 use.
func TestNodeWithWS(t *testing.T) {
	find := jstest.Node(t, "--input-type=commonjs", "-e", `require("ws")`)
	if out, err := find.CombinedOutput(); err != nil {
		jstest.Missing(t, fmt.Sprintf("the package ws is not installed (apt-get install node-ws, "+
			"or npm ci --prefix .ci/node): %s", firstLine(out)))
	}
	runTests(t, "LOCKBROKER_WEBSOCKET=ws")
}

// TestFiles checks that Files has all imports of client.js, and no tests.
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
				t.Errorf("%s imports %s, which Files does not have", name, part)
			}
		}
		if ext := filepath.Ext(name); ext != ".js" && name != "index.d.ts" {
			t.Errorf("Files has %s", name)
		}
	}
	if !embedded["client.js"] {
		t.Error("Files does not have client.js")
	}
}

func runTests(t *testing.T, environment ...string) {
	tests, err := filepath.Glob("test/*.test.js")
	if err != nil || len(tests) == 0 {
		t.Fatalf("there are no test files: %v", err)
	}
	cmd := jstest.Node(t, append([]string{"--expose-gc", "--test", "--test-reporter=spec"}, tests...)...)
	cmd.Env = append(cmd.Environ(), environment...)
	cmd.Env = append(cmd.Env, "LOCKBROKER_URL="+startBroker(t), "LOCKBROKER_MOVING="+startMovingBroker(t),
		"LOCKBROKER_TABLES="+tables(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func firstLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Error: ") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(string(out))
}

// startBroker starts a broker, and returns its URL.
func startBroker(t *testing.T) string {
	t.Helper()
	// On a busy machine, a test with thousands of requests can keep Node from reading for longer than the default.
	url, stop, err := brokertest.Listen(broker.Config{Timeout: time.Minute, Heartbeat: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

// tables returns the codes of the protocol as JSON, for the test that compares them with the client's.
func tables(t *testing.T) string {
	all := map[string]map[string]wire.Retry{"errorCodes": {}, "closeCodes": {}, "httpStatuses": {}}
	for _, row := range wire.ErrorCodes() {
		all["errorCodes"][string(row.Code)] = row.Retry
	}
	for _, row := range wire.CloseCodes() {
		all["closeCodes"][strconv.Itoa(row.Code)] = row.Retry
	}
	for _, row := range wire.HTTPStatuses() {
		all["httpStatuses"][strconv.Itoa(row.Code)] = row.Retry
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
