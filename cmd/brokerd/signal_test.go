//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// TestSignals checks that SIGTERM and SIGINT end a busy broker cleanly.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			ctx := testContext(t)
			d := startDaemon(t)
			client, err := wsclient.Dial(ctx, d.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			lock, err := client.Acquire(ctx, "held", nil)
			if err != nil {
				t.Fatal(err)
			}

			d.signal(t, sig)
			d.rest(t)
			if err := d.wait(); err != nil {
				t.Errorf("brokerd ended with %v, want exit code 0", err)
			}
			if last := d.lines[len(d.lines)-1]; last.Message != "stopped" {
				t.Errorf("the last line of the log is %+v, want stopped", last)
			}
			<-lock.Context().Done() // The holder has been told.
		})
	}
}

// TestLogAtStart checks the warnings in the log at the start.
func TestLogAtStart(t *testing.T) {
	t.Run("loopback", func(t *testing.T) {
		d := startDaemon(t)
		d.until(t, "without --state-dir, fencing tokens rise")
		d.signal(t, syscall.SIGTERM)
		d.rest(t)
		for _, line := range d.lines {
			if line.Level != "info" {
				t.Errorf("unexpected line in the log: %+v", line)
			}
		}
	})
	t.Run("every interface", func(t *testing.T) {
		d := startDaemon(t, "--host", "0.0.0.0")
		line := d.until(t, "no credentials")
		if line.Level != "warn" || !strings.HasPrefix(line.Address, "0.0.0.0:") {
			t.Errorf("want a warning with the address 0.0.0.0, got %+v", line)
		}
	})
}

// TestStopsWithIdleConnection checks that idle HTTP connections do not delay the stop.
func TestStopsWithIdleConnection(t *testing.T) {
	t.Parallel()
	d := startDaemon(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the error does not matter
	d.signal(t, syscall.SIGTERM)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// TestSignalsThatEndNothing checks that the broker survives signals that it does not use, and logs those that people
// send on purpose.
func TestSignalsThatEndNothing(t *testing.T) {
	t.Parallel()
	for sig, message := range map[syscall.Signal]string{
		syscall.SIGHUP:   "ignored a signal",
		syscall.SIGUSR1:  "ignored a signal",
		syscall.SIGUSR2:  "ignored a signal",
		syscall.SIGWINCH: "",
		syscall.SIGPIPE:  "",
		syscall.SIGTTOU:  "",
		syscall.SIGALRM:  "",
		syscall.SIGXFSZ:  "",
	} {
		t.Run(sig.String(), func(t *testing.T) {
			ctx := testContext(t)
			d := startAlone(t)
			client, err := wsclient.Dial(ctx, d.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			d.signal(t, sig)
			if message != "" {
				if line := d.until(t, message); line.Level != "warn" || line.Signal != sig.String() {
					t.Errorf("the log says %+v", line)
				}
			}
			if _, err := client.Ping(ctx); err != nil {
				t.Error(err)
			}
			d.signal(t, syscall.SIGTERM)
			d.rest(t)
			if err := d.wait(); err != nil {
				t.Errorf("brokerd ended with %v, want exit code 0", err)
			}
		})
	}
}

// TestHangupWhileDraining checks that SIGHUP does not end a drain.
func TestHangupWhileDraining(t *testing.T) {
	ctx := testContext(t)
	d := startAlone(t, "--drain=1h")
	client, err := wsclient.Dial(ctx, d.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	lock, err := client.Acquire(ctx, "held", nil)
	if err != nil {
		t.Fatal(err)
	}
	d.signal(t, syscall.SIGTERM)
	d.until(t, "draining")
	d.signal(t, syscall.SIGHUP)
	d.until(t, "ignored a signal")
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// TestQuit checks that SIGQUIT prints the stacks and ends the broker.
func TestQuit(t *testing.T) {
	d := startAlone(t)
	d.signal(t, syscall.SIGQUIT)
	said := false
	stacks := 0
	for d.log.Scan() {
		said = said || strings.Contains(d.log.Text(), "SIGQUIT")
		if strings.HasPrefix(d.log.Text(), "goroutine ") {
			stacks++
		}
	}
	_ = d.wait()
	if code := d.cmd.ProcessState.ExitCode(); code != 2 || !said || stacks < 5 {
		t.Errorf("brokerd ended with %v, and %d stacks, want exit code 2", d.cmd.ProcessState, stacks)
	}
}

// TestStopAndContinue checks that SIGTSTP stops the process and SIGCONT continues it.
func TestStopAndContinue(t *testing.T) {
	ctx := testContext(t)
	d := startAlone(t)
	client, err := wsclient.Dial(ctx, d.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	d.signal(t, syscall.SIGTSTP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(d.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil ||
		!status.Stopped() {
		t.Fatalf("got %v, %v, want a process that was stopped", status, err)
	}
	d.signal(t, syscall.SIGCONT)
	if _, err := client.Ping(ctx); err != nil {
		t.Error(err)
	}
	d.signal(t, syscall.SIGTERM)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// TestInterruptThatWasIgnored checks that SIGINT ends a broker that a script has started in the background. The shell
// makes such a process ignore SIGINT.
func TestInterruptThatWasIgnored(t *testing.T) {
	d := &daemon{}
	d.process, d.log = start(t, (*exec.Cmd).StderrPipe, "sh", "-c", `trap '' INT; exec brokerd --drain=0s --port=0`)
	d.until(t, "listening")
	d.signal(t, syscall.SIGINT)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// startAlone starts brokerd in its own process group, as a shell with a terminal does. Signals of the terminal
// do not stop an orphaned process group.
func startAlone(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := &daemon{}
	d.process, d.log = start(t, func(cmd *exec.Cmd) (io.ReadCloser, error) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd.StderrPipe()
	}, "brokerd", args...)
	context.AfterFunc(testContext(t),
		func() { _ = d.cmd.Process.Kill() }) // so that reading its log ends
	d.url = "ws://" + d.until(t, "listening").Address
	return d
}
