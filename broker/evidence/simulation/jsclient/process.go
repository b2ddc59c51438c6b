package jsclient

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed coprocess.mjs
var coprocess []byte

// A Process is a Node process that runs any number of clients. It does one step at a time, and is not safe for
// concurrent use.
type Process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers *bufio.Reader
	clients int   // so far
	err     error // the first problem
}

// Start starts Node, whose path is node. The folder js has the modules of the JavaScript client. The process ends with
// ctx, or by [Process.Stop].
func Start(ctx context.Context, node, js string) (*Process, error) {
	js, err := filepath.Abs(filepath.Join(js, "client.js"))
	if err != nil {
		return nil, err
	}
	path := filepath.ToSlash(js)
	if !strings.HasPrefix(path, "/") { // of Windows
		path = "/" + path
	}
	module := url.URL{Scheme: "file", Path: path}
	cmd := exec.CommandContext(ctx, node, "--no-warnings", "--input-type=module", "-e", string(coprocess),
		"--", module.String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	return &Process{cmd: cmd, stdin: stdin, answers: bufio.NewReaderSize(stdout, 1<<16)}, nil
}

// Stop ends the process, and returns the first problem: see [Process.Err].
func (p *Process) Stop() error {
	_ = p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		p.fail(err)
	}
	return p.err
}

// Err returns what went wrong first: the process has ended, or the library did what no program expects, such as a
// rejection that nobody handles. From then on all clients are closed and do nothing.
func (p *Process) Err() error { return p.err }

// Forget ends all clients, without a trace.
func (p *Process) Forget() { p.exchange([]byte("forget\n")) }

// An answer is what a client has done in a step.
type answer struct {
	Events  []event
	Link    int32
	Due     *float64 // when the next timer fires, in milliseconds; nil: never
	Ready   bool
	Closed  bool
	Problem string
}

// step lets a client do a step.
func (p *Process) step(step ...any) answer {
	line, err := json.Marshal(step)
	if err != nil {
		p.fail(err)
	}
	return p.exchange(append(line, '\n'))
}

func (p *Process) exchange(line []byte) answer {
	if p.err != nil {
		return answer{Closed: true}
	}
	var a answer
	if _, err := p.stdin.Write(line); err != nil {
		p.fail(err)
	} else if text, err := p.answers.ReadSlice('\n'); err != nil {
		p.fail(err)
	} else if err := json.Unmarshal(text, &a); err != nil {
		p.fail(fmt.Errorf("%.200q: %w", text, err))
	} else if a.Problem != "" {
		p.fail(errors.New(a.Problem))
	}
	return a
}

func (p *Process) fail(err error) {
	if p.err == nil {
		p.err = fmt.Errorf("JavaScript clients: %w", err)
	}
}
