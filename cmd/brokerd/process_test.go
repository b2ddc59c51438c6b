//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// testContext returns a context that ends before go test gives up, and before the test's cleanups.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A process runs one of the commands of TestMain.
type process struct {
	cmd   *exec.Cmd
	stdin io.Writer
	wait  func() error
}

// start starts a process. It is killed at the end of the test, or when the context of testContext ends. So a test that
// waits for a line of its log fails, and shows the lines that came.
func start(t *testing.T, output func(*exec.Cmd) (io.ReadCloser, error), name string,
	args ...string) (*process, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), name, args...)
	cmd.Env = append(os.Environ(), "BROKERD_DRAIN=0s", "BROKERD_PORT=0") // Flags take precedence.
	return startCommand(t, cmd, output)
}

// startCommand starts a process in the same way.
func startCommand(t *testing.T, cmd *exec.Cmd,
	output func(*exec.Cmd) (io.ReadCloser, error)) (*process, *bufio.Scanner) {
	t.Helper()
	out, err := output(cmd)
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, stdin: in, wait: sync.OnceValue(cmd.Wait)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = p.wait()
	})
	return p, bufio.NewScanner(out)
}

func (p *process) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// A logLine is a line of the log of brokerd.
type logLine struct {
	Level, Message, Address, Signal, Error, File, Remote, Dashboard string
	Changed, Keys                                                   []string
	Tokens, Rules                                                   int
}

// A daemon is a running brokerd.
type daemon struct {
	*process
	log   *bufio.Scanner
	url   string
	lines []logLine // read so far
}

// startDaemon starts brokerd and waits until it listens. Unless args say otherwise, it stops without a drain.
func startDaemon(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := &daemon{}
	d.process, d.log = start(t, (*exec.Cmd).StderrPipe, "brokerd", args...)
	listening := d.until(t, "listening")
	d.url = "ws://" + listening.Address
	return d
}

// next reads a line of the log. It returns false at the end.
func (d *daemon) next(t *testing.T) (line logLine, ok bool) {
	t.Helper()
	if !d.log.Scan() {
		return logLine{}, false
	}
	if err := json.Unmarshal(d.log.Bytes(), &line); err != nil {
		t.Fatalf("log line %q: %v", d.log.Text(), err)
	}
	d.lines = append(d.lines, line)
	return line, true
}

// until reads the log until a message contains the text.
func (d *daemon) until(t *testing.T, message string) logLine {
	t.Helper()
	for {
		line, ok := d.next(t)
		if !ok {
			t.Fatalf("the log ended before %q: %+v", message, d.lines)
		}
		if strings.Contains(line.Message, message) {
			return line
		}
	}
}

// rest reads the log to its end.
func (d *daemon) rest(t *testing.T) {
	t.Helper()
	for {
		if _, ok := d.next(t); !ok {
			return
		}
	}
}
