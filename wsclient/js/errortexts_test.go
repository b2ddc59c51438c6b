package js_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient/js/internal/errortexts"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestErrorTexts checks what the errors of the client say, with both WebSockets of Node. Node's own one says less from
// version 24 on. With -update the test writes errors.golden.
func TestErrorTexts(t *testing.T) {
	tests := []struct{ platform, webSocket string }{
		{"ws", `createRequire(import.meta.url)("ws")`},
		{nodePlatform(t), "undefined"},
	}
	for _, test := range tests {
		t.Run(test.platform, func(t *testing.T) {
			places, err := json.Marshal(errortexts.Places(t, ""))
			if err != nil {
				t.Fatal(err)
			}
			cmd := jstest.Node(t, "--input-type=module", "--eval", `
				import { createRequire } from "node:module";
				import { connect } from "./client.js";
				import { errorTexts } from "./internal/errortexts/texts.js";
				const texts = await errorTexts({
					connect, WebSocket: `+test.webSocket+`, places: JSON.parse(process.argv[1]),
				});
				console.log(JSON.stringify(texts));
				process.exit(); // for Node's own WebSocket: see README.md`, string(places))
			var problems strings.Builder
			cmd.Stderr = &problems
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, &problems)
			}
			var got [][2]string
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			errortexts.Check(t, test.platform, got, *update)
		})
	}
}

// nodePlatform returns the platform of the Node in PATH, with its own WebSocket.
func nodePlatform(t *testing.T) string {
	t.Helper()
	version, err := jstest.Node(t, "--print", "process.versions.node.split('.')[0] < 24").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(version)) == "true" {
		return "Node 20"
	}
	return "Node 24"
}
