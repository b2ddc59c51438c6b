package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A lockProcess is a brokerctl lock. Each line of its stdout is a token.
type lockProcess struct {
	*exec.Cmd
	out *bufio.Reader
	in  io.Closer // the end of its input, which would end it
}

// startLock starts brokerctl lock a, without --wait and --resume.
func startLock(ctx context.Context, t *testing.T, address string) *lockProcess {
	t.Helper()
	p := &lockProcess{Cmd: exec.CommandContext(ctx, "brokerctl", "lock", "--url", "ws://"+address, "a")}
	out, err := p.StdoutPipe()
	if err == nil {
		p.in, err = p.StdinPipe()
	}
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	return p
}

// awaitToken waits until p holds the lock.
func (p *lockProcess) awaitToken(t *testing.T) {
	t.Helper()
	if _, err := p.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

// awaitLock waits until that many requests hold the lock a, and that many wait for it.
func awaitLock(ctx context.Context, t *testing.T, b *cmdtest.Broker, holding, waiting int) {
	t.Helper()
	c, err := wsclient.Dial(ctx, b.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for {
		for lock, err := range c.Info(ctx, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if lock.Holding == holding && lock.Waiting == waiting {
				return
			}
		}
		cmdtest.Pause(ctx)
	}
}

// A planned restart of the broker ends neither a brokerctl lock that holds nor one that waits.
func TestLockOutlivesItsBroker(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	config := broker.Config{StateDir: t.TempDir()}
	first, err := cmdtest.StartBroker(config)
	if err != nil {
		t.Fatal(err)
	}
	var address atomic.Value
	address.Store(first.Address())
	relay, err := cmdtest.StartRelay(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address.Load().(string))
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Stop()
	holder := startLock(ctx, t, relay.Address())
	holder.awaitToken(t)
	waiter := startLock(ctx, t, relay.Address())
	awaitLock(ctx, t, first, 1, 1)

	first.Stop()
	second, err := cmdtest.StartBroker(config)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	address.Store(second.Address())
	awaitLock(ctx, t, second, 1, 1)
	_ = holder.Process.Signal(syscall.SIGTERM)
	if err := holder.Wait(); err != nil {
		t.Errorf("the holder: %v", err)
	}
	waiter.awaitToken(t)
	_ = waiter.in.Close()
	if err := waiter.Wait(); err != nil {
		t.Errorf("the waiter: %v", err)
	}
}

// Any other end of the connection ends both.
func TestLockEndsWithItsConnection(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b, err := cmdtest.StartBroker(broker.Config{StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	link := brokertest.NewLink(new(net.Dialer).DialContext)
	relay, err := cmdtest.StartRelay(link.Dial, b.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Stop()
	holder := startLock(ctx, t, relay.Address())
	holder.awaitToken(t)
	waiter := startLock(ctx, t, relay.Address())
	awaitLock(ctx, t, b, 1, 1)
	link.Cut()
	_, _ = holder.Wait(), waiter.Wait()
	if got := holder.ProcessState.ExitCode(); got != exitLost {
		t.Errorf("the holder has ended with %d, want %d", got, exitLost)
	}
	if got := waiter.ProcessState.ExitCode(); got != 69 {
		t.Errorf("the waiter has ended with %d, want 69", got)
	}
}
