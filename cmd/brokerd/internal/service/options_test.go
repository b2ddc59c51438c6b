package service

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// TestCheck checks that no path can add a line, an option or a variable to a unit.
func TestCheck(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the paths and the sockets are those of Linux")
	}
	good := Options{Program: "/opt/my programs/brokerd", Config: "/etc/größe/brokerd.yaml", Socket: "[::1]:27002"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{
		"", "brokerd", "./brokerd", "/a\nUser=root", "/a\"b", "/a'b", `/a\b`, "/a%b", "/a$b", "/a;b", "/a\x00b",
	} {
		program, config := good, good
		program.Program, config.Config = path, path
		if program.Check() == nil || config.Check() == nil {
			t.Errorf("%q is accepted", path)
		}
	}
	for _, socket := range []string{"27002", "localhost:27002", "127.0.0.1", "run/s", "/run/s\nService=x", "*:1"} {
		o := good
		o.Socket = socket
		if o.Check() == nil {
			t.Errorf("--socket %q is accepted", socket)
		}
	}
}

// TestUnits checks what the units say about the options.
func TestUnits(t *testing.T) {
	o := Options{Program: "/opt/my programs/brokerd", Config: "/etc/l.yaml", Socket: "/run/locks.sock"}
	for _, o.User = range []bool{false, true} {
		files, err := o.units()
		if err != nil || len(files) != 2 {
			t.Fatalf("%v, %v, want two units", files, err)
		}
		unit, socket := files[0].Text, files[1].Text
		for _, want := range []string{
			"\nType=notify\n", "\nExecStart=\"/opt/my programs/brokerd\" --config /etc/l.yaml\n",
			"\nExecReload=/bin/kill -HUP $MAINPID\n", "\nNoNewPrivileges=yes\n",
		} {
			if !strings.Contains(unit, want) {
				t.Errorf("user %v: the unit lacks %q", o.User, want)
			}
		}
		if got := strings.Contains(unit, "\nUser=brokerd\n"); got == o.User {
			t.Errorf("user %v: the unit of a user cannot have one of its own:\n%s", o.User, unit)
		}
		if !strings.Contains(socket, "\nListenStream=/run/locks.sock\n") {
			t.Errorf("the socket is another one:\n%s", socket)
		}
	}
}

// TestSecurity checks that systemd understands the units, and how exposed it finds the service: 2.0 or better of 10.
func TestSecurity(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("systemd is only on Linux")
	}
	program := needs.Program(t, "systemd-analyze")
	files, err := Options{
		Program: "/bin/true", Config: "/etc/lockbroker/brokerd.yaml", Socket: "127.0.0.1:27002",
	}.units()
	if err != nil {
		t.Fatal(err)
	}
	folder, paths := t.TempDir(), []string{}
	for _, file := range files {
		path := filepath.Join(folder, filepath.Base(file.Path))
		if err := os.WriteFile(path, []byte(file.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	out, err := exec.CommandContext(t.Context(), program,
		append([]string{"verify", "--man=no", "--recursive-errors=no"}, paths...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, out)
	}
	out, err = exec.CommandContext(t.Context(), program, "security", "--offline=true", "--no-pager", paths[0]).
		Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`Overall exposure level for brokerd.service: ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no exposure level in\n%s", out)
	}
	if level, err := strconv.ParseFloat(string(found[1]), 64); err != nil || level > 2.0 {
		t.Errorf("the exposure level is %s, want 2.0 or less\n%s", found[1], out)
	}
	t.Logf("exposure level %s", found[1])
}

// TestPlist checks that the property list of launchd is well-formed, whatever is in a path.
func TestPlist(t *testing.T) {
	text := Options{Program: "/opt/a&b/<brokerd>", Config: "/etc/lockbroker/brokerd.yaml"}.plist()
	decoder := xml.NewDecoder(strings.NewReader(text))
	var words []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if data, ok := token.(xml.CharData); ok && strings.TrimSpace(string(data)) != "" {
			words = append(words, string(data))
		}
	}
	want := "ProgramArguments|/opt/a&b/<brokerd>|--config|/etc/lockbroker/brokerd.yaml|RunAtLoad"
	if got := strings.Join(words, "|"); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
