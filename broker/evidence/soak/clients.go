//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/judge"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/load"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A clients is a place for a client process: after a kill another process takes it.
type clients struct {
	name   string
	config load.Config
	// mortal says that the process may be killed. The others show whether clients grow.
	mortal  bool
	isNode  bool
	proxy   *faultproxy.Proxy
	command func(load.Config) (*exec.Cmd, error)
	logs    string
	tally   *tally
	judge   *judge.Judge

	killing sync.Mutex // held while the process is replaced

	mu      sync.Mutex
	process *child
	number  int          // of processes so far
	idle    *record.Idle // the last report since the pause
	answers chan record.Line
	ready   chan struct{} // closed when the clients of the process have connected
}

// start starts a process.
func (c *clients) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	config := c.config
	config.Name = fmt.Sprintf("%s.%d", c.name, c.number)
	config.Seed += uint64(c.number) << 32
	cmd, err := c.command(config)
	if err != nil {
		return err
	}
	answers := make(chan record.Line, 16)
	ready := make(chan struct{})
	c.answers, c.ready, c.idle = answers, ready, nil
	c.process, err = startChild(c.name, c.logs, cmd, func(text []byte) {
		if line := c.receive(config.Name, text); line.Ready != nil {
			close(ready)
		} else if line.Holding != nil || line.Memory != nil {
			answers <- line
		}
	})
	return err
}

// awaitReady waits until the clients of the process have connected.
func (c *clients) awaitReady(ctx context.Context, limit time.Duration) error {
	c.mu.Lock()
	process, ready := c.process, c.ready
	c.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-process.done:
		return fmt.Errorf("%s ended: %w", c.name, process.result())
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(limit):
		return fmt.Errorf("%s is not ready after %v", c.name, limit)
	}
}

// receive handles a report of the process with this name, unless it is an answer. It returns the report.
func (c *clients) receive(name string, text []byte) (line record.Line) {
	if err := json.Unmarshal(text, &line); err != nil {
		c.tally.surprise(fmt.Sprintf("%s wrote %.100q: %v", name, text, err))
		return line
	}
	switch {
	case line.Hold != nil:
		c.judge.Hold(name, *line.Hold)
	case line.Sample != nil:
		c.judge.Sample(name, *line.Sample)
	case line.Counts != nil:
		c.tally.add(line.Counts)
	case line.Violation != nil:
		c.tally.violation(&promise.Violation{
			Promise: promise.Promise(line.Violation.Promise), Detail: name + ": " + line.Violation.Detail,
		})
	case line.Idle != nil:
		c.mu.Lock()
		c.idle = line.Idle
		c.mu.Unlock()
	}
	return line
}

// current returns the process.
func (c *clients) current() *child {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process
}

// pause makes the process begin no further operation.
func (c *clients) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = nil
	c.process.command(record.Pause)
}

// busy returns the operations that have not ended since the pause, or false if there are none.
func (c *clients) busy() (operations []string, is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		return []string{c.name + " has not answered"}, true
	}
	for _, operation := range c.idle.Busy {
		operations = append(operations, c.name+": "+operation)
	}
	return operations, len(operations) > 0
}

var errNoAnswer = errors.New("no answer")

// ask sends a command and returns the answer.
func (c *clients) ask(command string, limit time.Duration) (record.Line, error) {
	c.mu.Lock()
	process, answers := c.process, c.answers
	c.mu.Unlock()
	for stale := true; stale; { // an answer to a question that was given up
		select {
		case <-answers:
		default:
			stale = false
		}
	}
	process.command(command)
	select {
	case line := <-answers:
		return line, nil
	case <-process.done:
		return record.Line{}, fmt.Errorf("%s: %s: the process has ended", c.name, command)
	case <-time.After(limit):
		return record.Line{}, fmt.Errorf("%s: %s: %w within %v", c.name, command, errNoAnswer, limit)
	}
}

// list asks which sessions the clients have and what they hold. The command may be Hold, List or Drop.
func (c *clients) list(command string, limit time.Duration) (*record.Holding, error) {
	line, err := c.ask(command, limit)
	if err == nil && line.Holding == nil {
		err = fmt.Errorf("%s: %s: unexpected answer %+v", c.name, command, line)
	}
	return line.Holding, err
}
