package wsclient_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that uses the client compiles no library for telemetry, command lines or logs because of it, and no server.
// The examples and the commands may use such libraries.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, "github.com/gorilla/websocket") {
		t.Fatalf("the list has no github.com/gorilla/websocket: %q", packages)
	}
	for _, name := range packages {
		for _, unwanted := range []string{"opentelemetry", "prometheus", "zerolog", "kong"} {
			if strings.Contains(name, unwanted) {
				t.Errorf("wsclient depends on %s", name)
			}
		}
		if name == "github.com/lockbroker/lockbroker/broker" {
			t.Error("wsclient depends on the broker")
		}
	}
}
