//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var cuts = flag.Int("cuts", 20, "how many trials TestRunCutNetwork makes; 200 take about a minute")

const (
	cutTimeout   = 5 * time.Second
	cutHeartbeat = time.Second
	cutLanes     = 20 // trials at the same time
)

// TestRunCutNetwork cuts the network of "run" at random times. The command and its child ignore TERM. Each time the
// whole group has ended before the next holder is granted the lock.
func TestRunCutNetwork(t *testing.T) {
	b, err := cmdtest.StartBroker(broker.Config{Timeout: cutTimeout, Heartbeat: cutHeartbeat})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	next, err := wsclient.Dial(t.Context(), b.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = next.Close() })
	trial := &cutTrial{broker: b.Address(), next: next, dir: t.TempDir()}
	cmdtest.Trials(t, *cuts, cutLanes, func(n int) (time.Duration, error) {
		grace := []string{"1s", "1h"}[n%2] // shorter or longer than the time that is left
		return trial.run(t.Context(), fmt.Sprint("trial-", n), grace)
	})
}

// A cutTrial holds what all trials share.
type cutTrial struct {
	broker string // address
	next   *wsclient.Client
	dir    string
}

// run makes one trial. It returns the time from the end of the group until the next grant.
func (c *cutTrial) run(ctx context.Context, name, grace string) (margin time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*cutTimeout)
	defer cancel()
	link := brokertest.NewLink(new(net.Dialer).DialContext)
	defer link.Cut()
	relay, err := cmdtest.StartRelay(link.Dial, c.broker)
	if err != nil {
		return 0, err
	}
	defer relay.Stop()

	alive := flock.New(filepath.Join(c.dir, name))
	defer func() { _ = alive.Close() }()
	command := exec.CommandContext(ctx, "brokerctl", "run", "--url", "ws://"+relay.Address(), "--grace", grace,
		name, "--", "testchild", "--stubborn", "--offspring", "--lock", alive.Path())
	said := &bytes.Buffer{}
	command.Stderr = said
	out, err := command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, err
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		if _ = command.Wait(); tooBusy(command, said.String()) {
			return c.run(ctx, name, grace)
		}
		return 0, fmt.Errorf("it printed %q and ended with %v: %s", line, command.ProcessState, said)
	}
	margin, err = c.cut(ctx, name, link, alive)
	if _ = command.Wait(); err == nil && command.ProcessState.ExitCode() != exitLost {
		err = fmt.Errorf("it ended with %v", command.ProcessState)
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return margin, err
}

// cut freezes the network of the run at a random time and waits for the next grant. It returns the time from the end of
// the group, which holds the file alive, until the grant.
func (c *cutTrial) cut(ctx context.Context, name string, link *brokertest.Link, alive *flock.Flock) (
	time.Duration, error) {
	gone := make(chan time.Time, 1)
	go func() {
		if alive.Lock() == nil {
			gone <- time.Now()
		}
	}()
	granted := make(chan error, 1)
	var at time.Time
	go func() {
		lock, err := c.next.Acquire(ctx, name, nil)
		at = time.Now()
		if err == nil {
			defer func() { _ = lock.Release() }()
		}
		granted <- err
	}()
	wait(ctx, rand.N(2*cutHeartbeat))
	link.Freeze()
	if err := <-granted; err != nil {
		return 0, err
	}
	select {
	case end := <-gone:
		return at.Sub(end), nil
	default:
	}
	err := errors.New("a process of the group was alive at the next grant")
	select {
	case end := <-gone:
		err = fmt.Errorf("%w, and ended %v later", err, end.Sub(at))
	case <-ctx.Done(): // The end of ctx also kills the run.
	}
	return 0, err
}

// tooBusy reports whether "run" ended because this machine was too busy for heartbeats or for a handshake. Then the
// lock was lost correctly, or never held, so the trial does not count.
func tooBusy(run *exec.Cmd, said string) bool {
	return run.ProcessState.ExitCode() == exitLost || strings.Contains(said, "no answer in time")
}

// wait lets real time pass, so that the cut comes at a random time.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
