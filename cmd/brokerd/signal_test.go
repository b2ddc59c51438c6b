//go:build unix

package main

import (
	"net"
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
