package history

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// drain is how long holders may take to release when the broker stops.
const drain = 200 * time.Millisecond

// startBroker starts a broker with the state directory of the recording, and leads the proxies to it.
func (r *recording) startBroker(timeout time.Duration) error {
	args := []string{
		r.programs.Brokerd, "--host", "127.0.0.1", "--port", "0", "--state-dir", filepath.Join(r.dir, "state"),
		"--timeout", timeout.String(),
		"--heartbeat", r.plan.heartbeat(timeout).String(), "--drain", drain.String(),
	}
	if r.plan.LockDelay {
		args = append(args, "--lock-delay")
	}
	listening := make(chan string, 1)
	onErr := func(line string) {
		var entry struct{ Message, Address string }
		if strings.Contains(line, `"listening"`) && json.Unmarshal([]byte(line), &entry) == nil {
			listening <- entry.Address
		}
	}
	r.brokers++
	p, err := start(fmt.Sprintf("brokerd-%d", r.brokers), args, r.env, func(string) {}, onErr, r.onEnd)
	if err != nil {
		return err
	}
	r.add(p)
	r.broker = p
	select {
	case r.address = <-listening:
	case <-p.ended:
		return p.surprise()
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
	for _, w := range r.workers {
		w.proxy.SetTarget(r.address)
	}
	return nil
}

// killBroker kills the broker and starts the next one.
func (r *recording) killBroker(timeout time.Duration) error {
	r.broker.kill()
	return r.startBroker(timeout)
}

// drainBroker stops the broker as an operator does, and starts the next one.
func (r *recording) drainBroker(timeout time.Duration) error {
	if err := r.stopBroker(); err != nil {
		return err
	}
	return r.startBroker(timeout)
}

// stopBroker stops the broker as an operator does.
func (r *recording) stopBroker() error {
	r.broker.expectEnd()
	r.broker.signal(syscall.SIGCONT)
	r.broker.signal(syscall.SIGTERM)
	if err := r.await(r.broker); err != nil {
		return err
	}
	if r.broker.err != nil {
		return fmt.Errorf("%s: %w\n%s", r.broker.name, r.broker.err, r.broker.logged())
	}
	return nil
}
