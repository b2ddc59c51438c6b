package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// running is the number of servers that run.
var running atomic.Int64

// A process is a server, or an attacker, in a process of its own.
type process struct {
	tb      testing.TB
	address string
	secure  bool // its clients use TLS
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	stop    func() // ends the process; only the first call does something
}

// startServer starts a server on the servers' processor. It stops when the test ends.
func startServer(tb testing.TB, role string) *process {
	tb.Helper()
	return startRole(tb, role, startPinned)
}

// startRole starts a process with that role, by calling start with the Start of the command. Its environment has the
// variables in more, too.
func startRole(tb testing.TB, role string, start func(func() error) error, more ...string) *process {
	tb.Helper()
	program, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	command := exec.Command(program, "-test.run=^$")
	command.Env = append(os.Environ(), roleVariable+"="+role,
		// The options of this process for the race detector, without its pause of a second at the end.
		"GORACE="+strings.TrimSpace(os.Getenv("GORACE")+" atexit_sleep_ms=0"))
	switch role {
	case roleBroker, roleQuiet, roleBounded, roleSecure:
		command.Env = append(command.Env, profileVariable+"="+*profile)
	}
	command.Env = append(command.Env, more...)
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
	p := &process{tb: tb, secure: isSecure(role), command: command, stdin: stdin, stdout: bufio.NewReader(stdout)}
	p.stop = sync.OnceFunc(p.end)
	tb.Cleanup(p.stop)
	p.address = p.readLine()
	return p
}

// end closes the stdin of the process, which ends it, and waits for its end.
func (p *process) end() {
	_ = p.stdin.Close()
	if err := p.command.Wait(); err != nil {
		p.tb.Errorf("the server failed: %v", err)
	}
	running.Add(-1)
}

// readLine returns the next line that the process prints.
func (p *process) readLine() string {
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		p.tb.Fatalf("read from the server: %v", err)
	}
	return strings.TrimSpace(line)
}

// memory returns what the server uses.
func (p *process) memory() (m memory) {
	p.tb.Helper()
	if _, err := fmt.Fprintln(p.stdin, "memory"); err != nil {
		p.tb.Fatal(err)
	}
	if err := json.Unmarshal([]byte(p.readLine()), &m); err != nil {
		p.tb.Fatal(err)
	}
	return m
}
