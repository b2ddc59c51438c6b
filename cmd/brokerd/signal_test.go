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

// TestSignals: SIGTERM and SIGINT end a broker in use, cleanly.
func TestSignals(t *testing.T) {
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
			<-lock.Context().Done() // the holder was told
		})
	}
}

// TestLogAtStart: whoever starts a broker is told what it does not do.
func TestLogAtStart(t *testing.T) {
	t.Run("loopback", func(t *testing.T) {
		d := startDaemon(t)
		d.until(t, "tokens start from the clock")
		d.signal(t, syscall.SIGTERM)
		d.rest(t)
		for _, line := range d.lines {
			if line.Level != "info" {
				t.Errorf("unexpected in the log: %+v", line)
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

// TestStopsWithIdleConnection: HTTP connections that ask for nothing do not keep
// the broker from stopping.
func TestStopsWithIdleConnection(t *testing.T) {
	d := startDaemon(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it is of no interest
	d.signal(t, syscall.SIGTERM)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// TestSignalsThatEndNothing: the broker goes on, and says which signals it cannot use.
func TestSignalsThatEndNothing(t *testing.T) {
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

// TestHangupWhileDraining: it ends nothing either when the broker is about to stop.
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

// TestQuit: whoever wants to know what a broker does at the moment gets its stacks, and its end.
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

// TestStopAndContinue: SIGTSTP stops the process, and SIGCONT lets it go on where it was.
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

// TestInterruptThatWasIgnored: a shell that runs the broker in the background of a script makes it ignore SIGINT.
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

// startAlone starts a brokerd as a shell does with a terminal, in a process group of its own. Only there signals
// of the terminal's have their effect for certain: they do not stop a group of which nobody would know.
func startAlone(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := &daemon{}
	d.process, d.log = start(t, func(cmd *exec.Cmd) (io.ReadCloser, error) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd.StderrPipe()
	}, "brokerd", args...)
	context.AfterFunc(testContext(t),
		func() { _ = d.cmd.Process.Kill() }) // so that nobody waits for its log for ever
	d.url = "ws://" + d.until(t, "listening").Address
	return d
}
