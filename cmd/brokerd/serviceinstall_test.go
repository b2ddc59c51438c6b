//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/service"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// configure runs the part of "service install" that is about the configuration file.
func configure(t *testing.T, config, socket string, flags ...string) (output string, err error) {
	t.Helper()
	g := &grammar{}
	app := newAppOf(g)
	var out bytes.Buffer
	app.Stdout = &out
	ctx, err := cli.Parse(app, append([]string{"service", "install", "--config", config}, flags...))
	if err != nil {
		t.Fatal(err)
	}
	o := service.Options{Program: "/usr/bin/brokerd", Config: config, Socket: socket}
	err = g.Service.Install.configure(ctx, &g.flags, o, "/var/lib/brokerd")
	return out.String(), err
}

// TestServiceConfig checks that install creates a configuration with the flags of the command line.
func TestServiceConfig(t *testing.T) {
	t.Setenv("BROKERD_DRAIN", "3s") // of the installer, not of the service
	config := filepath.Join(t.TempDir(), "folder", "brokerd.yaml")
	out, err := configure(t, config, "", "--port=27009", "--allow-origin=https://a.example", "--timeout=20s")
	if err != nil || out != "wrote "+config+"\n" {
		t.Fatalf("%s%v", out, err)
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	var set []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			set = append(set, strings.TrimSpace(line))
		}
	}
	got := strings.Join(strings.Fields(strings.Join(set, " ")), " ")
	want := `port: 27009 state-dir: /var/lib/brokerd timeout: 20s allow-origin: - https://a.example`
	if got != want {
		t.Errorf("the file has %s, want %s", got, want)
	}
}

// TestServiceConfigExists checks that install checks a configuration that exists, and does not change it.
func TestServiceConfigExists(t *testing.T) {
	config := filepath.Join(t.TempDir(), "brokerd.yaml")
	for _, want := range []string{"wrote " + config + "\n", ""} {
		if out, err := configure(t, config, ""); err != nil || out != want {
			t.Fatalf("got %s%v, want %s", out, err, want)
		}
	}
	_, err := configure(t, config, "", "--port", "27010")
	if err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("flags without effect are accepted: %v", err)
	}
	_, err = configure(t, config, "127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "systemd:brokerd") {
		t.Errorf("a socket that brokerd would not use is accepted: %v", err)
	}
	if err := os.WriteFile(config, []byte("port: many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := configure(t, config, ""); err == nil || !strings.Contains(err.Error(), config+":1:7") {
		t.Errorf("a bad file is accepted: %v", err)
	}
}

// TestServiceSocketConfig checks that a configuration created for a socket uses it.
func TestServiceSocketConfig(t *testing.T) {
	config := filepath.Join(t.TempDir(), "brokerd.yaml")
	for range 2 { // the second time, the file is checked
		if _, err := configure(t, config, "127.0.0.1:1"); err != nil {
			t.Fatal(err)
		}
	}
}
