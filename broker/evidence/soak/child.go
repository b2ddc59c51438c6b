//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A child is a child process. Its methods may be called concurrently.
type child struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{} // closed when the process has ended and its output was read

	mu       sync.Mutex
	expected bool // its end is not a surprise
	err      error
}

// startChild starts cmd. It calls line for each line of its stdout. Its stderr goes to a file in the folder logs. The
// process ends when the soak ends.
func startChild(name, logs string, cmd *exec.Cmd, line func(text []byte)) (*child, error) {
	// A child has a group of its own, so that Ctrl-C reaches only the soak.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(filepath.Join(logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd.Stderr = log
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go c.read(stdout, line)
	return c, nil
}

// roleCommand returns a command that runs this program in a role.
func roleCommand(role string, config any) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, configVariable+"="+string(text))
	return cmd, nil
}

func (c *child) read(stdout io.Reader, line func(text []byte)) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line(lines.Bytes())
	}
	_, _ = io.Copy(io.Discard, stdout) // after a line that is too long
	err := c.cmd.Wait()
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
	close(c.done)
}

// command sends a command. A process that has ended does not get it.
func (c *child) command(text string) { _, _ = io.WriteString(c.stdin, text+"\n") }

// signal sends a signal. A process that has ended does not get it.
func (c *child) signal(s syscall.Signal) { _ = c.cmd.Process.Signal(s) }

func (c *child) pid() int { return c.cmd.Process.Pid }

// kill kills the process and waits for its end.
func (c *child) kill() {
	c.expectEnd()
	c.signal(syscall.SIGKILL)
	<-c.done
}

// quit closes stdin, which asks the process to end, and waits. It returns the error of the process, and kills a process
// that does not end in time.
func (c *child) quit(limit time.Duration) error {
	c.expectEnd()
	_ = c.stdin.Close()
	select {
	case <-c.done:
		return c.result()
	case <-time.After(limit):
		c.kill()
		return fmt.Errorf("%s did not end within %v", c.name, limit)
	}
}

func (c *child) expectEnd() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expected = true
}

func (c *child) result() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// surprise returns how the process has ended, if it has ended by itself, or nil.
func (c *child) surprise() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expected {
		return nil
	}
	return fmt.Errorf("%s ended by itself: %w", c.name, c.err)
}
