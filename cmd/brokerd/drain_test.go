//go:build unix

package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// TestDrain checks that after a signal the broker waits only for holders. If all of them release in time, the stop is
// clean: the next run grants at once, with greater tokens.
func TestDrain(t *testing.T) {
	ctx := testContext(t)
	dir := filepath.Join(t.TempDir(), "state")
	d := startDaemon(t, "--drain=1h", "--state-dir", dir)
	client, draining := dialForOne(ctx, t, d)
	lock, err := client.Acquire(ctx, "held", nil)
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := client.Acquire(ctx, "held", nil)
		waiting <- err
	}()

	d.signal(t, syscall.SIGTERM)
	<-draining
	if err := <-waiting; !errors.Is(err, wsclient.ErrShuttingDown) {
		t.Errorf("the waiter got %v, want ErrShuttingDown", err)
	}
	if _, err := client.Acquire(ctx, "free", nil); !errors.Is(err, wsclient.ErrShuttingDown) {
		t.Errorf("a request during the drain got %v, want ErrShuttingDown", err)
	}
	if _, err := wsclient.Dial(ctx, d.url, nil); !errors.Is(err, wsclient.ErrShuttingDown) {
		t.Errorf("a new connection got %v, want ErrShuttingDown", err)
	}
	if got := status(ctx, t, d, "/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("readyz: status %d, want 503", got)
	}
	if got := status(ctx, t, d, "/livez"); got != http.StatusOK {
		t.Errorf("livez: status %d, want 200", got)
	}
	if err := lock.Release(); err != nil {
		t.Errorf("the holder could not release: %v", err)
	}
	<-client.Done()
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}

	d = startDaemon(t, "--state-dir", dir)
	next, err := dial(ctx, t, d).Acquire(ctx, "held", nil)
	if err != nil {
		t.Fatal(err)
	}
	if next.Token() <= lock.Token() {
		t.Errorf("token %d after %d", next.Token(), lock.Token())
	}
	for _, line := range d.lines {
		if strings.Contains(line.Message, "did not stop cleanly") {
			t.Errorf("the next run says that the stop was not clean: %+v", line)
		}
	}
}

// TestSecondSignal checks that a second signal ends the drain.
func TestSecondSignal(t *testing.T) {
	ctx := testContext(t)
	d := startDaemon(t, "--drain=1h")
	client, draining := dialForOne(ctx, t, d)
	if _, err := client.Acquire(ctx, "held", nil); err != nil {
		t.Fatal(err)
	}
	d.signal(t, syscall.SIGTERM)
	<-draining
	for ended := false; !ended; { // A signal soon after the first does not count.
		d.signal(t, syscall.SIGTERM)
		select {
		case <-client.Done():
			ended = true
		case <-time.After(sameSignal / 10):
		}
	}
	d.rest(t)
	if err := d.wait(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("brokerd ended with %v, want the signal", err)
	}
}

// TestSameSignal checks that two signals in a row count as one, because timeout and npm send two.
func TestSameSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, stops, heeded := make(chan os.Signal, 2), 0, make(chan time.Time, 1)
		begin := time.Now()
		go func() {
			awaitFirst(signals, func() { stops++ })
			heeded <- time.Now()
		}()
		for range 5 {
			signals <- syscall.SIGTERM
			signals <- syscall.SIGINT
			synctest.Wait()
			if stops != 1 || len(signals) != 0 || len(heeded) != 0 {
				t.Fatalf("after %v: stopped %d times, %d signals left", time.Since(begin), stops,
					len(signals))
			}
			time.Sleep(sameSignal / 6) //nolint:forbidigo // virtual time
		}
		if after := (<-heeded).Sub(begin); after != sameSignal || stops != 1 {
			t.Errorf("a second signal counts after %v, want %v; stopped %d times", after, sameSignal,
				stops)
		}
	})
}

// dialForOne returns a client that does not reconnect, and cannot take up its session, because it asks as one that
// inspects. The channel is closed when the broker announces that it will stop.
func dialForOne(ctx context.Context, t *testing.T, d *daemon) (*wsclient.Client, <-chan struct{}) {
	t.Helper()
	draining := make(chan struct{})
	trace := &wsclient.Trace{State: func(s wsclient.State, _ error) {
		if s == wsclient.Draining {
			close(draining)
		}
	}}
	return dialURL(ctx, t, d.url+"/?draining=accept", &wsclient.Options{NoReconnect: true, Trace: trace}), draining
}

func dial(ctx context.Context, t *testing.T, d *daemon) *wsclient.Client {
	t.Helper()
	return dialURL(ctx, t, d.url, nil)
}

func dialURL(ctx context.Context, t *testing.T, url string, options *wsclient.Options) *wsclient.Client {
	t.Helper()
	client, err := wsclient.Dial(ctx, url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// status returns the status of a GET.
func status(ctx context.Context, t *testing.T, d *daemon, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http"+strings.TrimPrefix(d.url, "ws")+path,
		http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}
