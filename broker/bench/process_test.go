package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// running counts the servers that have been started and have not ended.
var running atomic.Int64

// A process is a server.
type process struct {
	tb      testing.TB
	address string
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
}

// startServer starts a server, which ends with the test.
func startServer(tb testing.TB, role string) *process {
	tb.Helper()
	return startRole(tb, role, startPinned)
}

// startRole starts a process that has the role, as start does.
func startRole(tb testing.TB, role string, start func(func() error) error) *process {
	tb.Helper()
	program, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	command := exec.Command(program, "-test.run=^$")
	command.Env = append(os.Environ(), roleVariable+"="+role,
		// What the race detector has been told, and not to sleep for a second at the end.
		"GORACE="+strings.TrimSpace(os.Getenv("GORACE")+" atexit_sleep_ms=0"))
	if role == roleBroker || role == roleBounded {
		command.Env = append(command.Env, profileVariable+"="+*profile)
	}
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := start(command.Start); err != nil {
		tb.Fatal(err)
	}
	running.Add(1)
	p := &process{tb: tb, command: command, stdin: stdin, stdout: bufio.NewReader(stdout)}
	tb.Cleanup(p.stop)
	p.address = p.line()
	return p
}

// stop ends the server by the end of its stdin, and waits for it.
func (p *process) stop() {
	_ = p.stdin.Close()
	if err := p.command.Wait(); err != nil {
		p.tb.Errorf("a server has ended: %v", err)
	}
	running.Add(-1)
}

func (p *process) line() string {
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		p.tb.Fatalf("a server says nothing: %v", err)
	}
	return strings.TrimSpace(line)
}

// memory is what the server uses.
func (p *process) memory() (m memory) {
	p.tb.Helper()
	if _, err := fmt.Fprintln(p.stdin, "memory"); err != nil {
		p.tb.Fatal(err)
	}
	if err := json.Unmarshal([]byte(p.line()), &m); err != nil {
		p.tb.Fatal(err)
	}
	return m
}
