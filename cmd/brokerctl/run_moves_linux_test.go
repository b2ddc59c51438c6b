package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// TestRunOutlivesItsBroker: a broker restarts, and the command goes on under the same lock. Then brokerctl is killed.
// The next holder is granted the lock when the command has ended, because another watchdog has the new connection.
func TestRunOutlivesItsBroker(t *testing.T) {
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
	alive := flock.New(filepath.Join(t.TempDir(), "alive"))
	defer func() { _ = alive.Close() }()
	command, said := exec.CommandContext(ctx, "brokerctl", "run", "--url", "ws://"+relay.Address(), "a", "--",
		"testchild", "--stubborn", "--offspring", "--lock", alive.Path()), &bytes.Buffer{}
	command.Stderr = said
	if err := startReady(command); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = command.Process.Kill(), command.Wait() }()

	before := watchdogOf(command.Process.Pid)
	first.Stop()
	second, err := cmdtest.StartBroker(config)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	address.Store(second.Address())
	for after := before; after == before || after == ""; after = watchdogOf(command.Process.Pid) {
		if cmdtest.Pause(ctx); ctx.Err() != nil {
			t.Fatalf("the watchdog is still %q: %s", before, said)
		}
	}
	if isFree, err := alive.TryLock(); isFree || err != nil {
		t.Fatalf("the command has ended: %v, %s", err, said)
	}

	next, err := wsclient.Dial(ctx, second.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = next.Close() }()
	if _, err := next.TryAcquire(ctx, "a", nil); !errors.Is(err, wsclient.ErrUnavailable) {
		t.Errorf("while the command runs: %v", err)
	}
	_ = command.Process.Kill()
	if _, err := next.Acquire(ctx, "a", nil); err != nil {
		t.Fatal(err)
	}
	if isFree, err := alive.TryLock(); !isFree || err != nil {
		t.Errorf("the next holder was granted the lock, and the command is alive: %v", err)
	}
}

// TestRunResumes: with --resume the command goes on when the connection breaks, and under the same lock.
func TestRunResumes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b, err := cmdtest.StartBroker(broker.Config{})
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
	command, said := exec.CommandContext(ctx, "brokerctl", "run", "--resume", "--url", "ws://"+relay.Address(), "a",
		"--", "testchild"), &bytes.Buffer{}
	command.Stderr = said
	if err := startReady(command); err != nil {
		t.Fatal(err)
	}
	before := watchdogOf(command.Process.Pid)
	link.Cut()
	for after := before; after == before || after == ""; after = watchdogOf(command.Process.Pid) {
		if cmdtest.Pause(ctx); ctx.Err() != nil {
			t.Fatalf("the watchdog is still %q: %s", before, said)
		}
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	if _ = command.Wait(); command.ProcessState.ExitCode() == exitLost {
		t.Errorf("the lock is lost: %s", said)
	}
}

// startReady starts a command, and returns when it has printed a line.
func startReady(command *exec.Cmd) error {
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	return err
}

// watchdogOf returns the process id of the watchdog of a process, or "".
func watchdogOf(pid int) string {
	var children []byte
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		more, _ := os.ReadFile(task)
		children = append(children, ' ')
		children = append(children, more...)
	}
	for child := range strings.FieldsSeq(string(children)) {
		arguments, _ := os.ReadFile("/proc/" + child + "/cmdline")
		if strings.Contains(string(arguments), "\x00watchdog") {
			return child
		}
	}
	return ""
}
