//go:build unix

package notify

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// answers is a broker that answers each question with what it receives.
type answers chan broker.Status

func (a answers) Status(context.Context) (broker.Status, error) {
	status, ok := <-a
	if !ok {
		return status, errors.New("the broker has stopped")
	}
	return status, nil
}

// listen returns a function that returns the lines of the next message.
func listen(t *testing.T) (next func() []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return func() []string {
		t.Helper()
		_ = socket.SetReadDeadline(time.Now().Add(10 * time.Second))
		message := make([]byte, 4096)
		n, err := socket.Read(message)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(message[:n]), "\n")
	}
}

// TestWatch checks the messages of a life: no READY=1 without tokens, one WATCHDOG=1 for each answer, and a status
// for each pause.
func TestWatch(t *testing.T) {
	next := listen(t)
	t.Setenv("WATCHDOG_USEC", "30000")
	n := New(zerolog.Nop())
	b := make(answers)
	ended := make(chan struct{})
	go func() { n.Watch(t.Context(), b); close(ended) }()
	for _, step := range []struct {
		answer broker.Status
		want   string
	}{
		{broker.Status{Pause: wire.PauseNoTokens}, "WATCHDOG=1;STATUS=nothing is granted: .*"},
		{broker.Status{Pause: wire.PauseNoTokens}, "WATCHDOG=1"},
		{broker.Status{Pause: wire.PauseGrace, HasTokens: true, Left: time.Hour},
			`WATCHDOG=1;READY=1;STATUS=grace period until \d\d:\d\d:\d\d: nothing is granted yet`},
		{broker.Status{Pause: wire.PauseGrace, HasTokens: true, Left: time.Minute}, "WATCHDOG=1"},
		{broker.Status{HasTokens: true}, "WATCHDOG=1;STATUS=grants locks"},
		{broker.Status{Pause: wire.PauseNoTokens}, "WATCHDOG=1;STATUS=nothing is granted: .*"},
		{broker.Status{Pause: wire.PauseDraining, HasTokens: true, Left: time.Second},
			"WATCHDOG=1;STATUS=draining until .* at the latest: nothing is granted"},
	} {
		b <- step.answer
		if got := strings.Join(next(), ";"); !regexp.MustCompile("^" + step.want + "$").MatchString(got) {
			t.Errorf("after %+v: got %s, want %s", step.answer, got, step.want)
		}
	}
	close(b)
	<-ended
}

// A standby is ready: it may be one for months.
func TestStandbyIsReady(t *testing.T) {
	next := listen(t)
	n := New(zerolog.Nop())
	n.tell(broker.Status{Standby: true})
	if got := strings.Join(next(), ";"); got != "READY=1;STATUS=on standby: another broker grants locks" {
		t.Errorf("got %s", got)
	}
	n.tell(broker.Status{HasTokens: true})
	if got := strings.Join(next(), ";"); got != "STATUS=grants locks" {
		t.Errorf("got %s", got)
	}
}

// TestReload checks that a reload says when it begins and ends, and does not make a broker ready that is not.
func TestReload(t *testing.T) {
	next := listen(t)
	n := New(zerolog.Nop())
	n.Reloading()
	n.Reloaded(false)
	n.tell(broker.Status{HasTokens: true})
	if got := next(); got[0] != "READY=1" {
		t.Errorf("the first message is %q, want READY=1 and a status", got)
	}
	n.Reloading()
	if got := next(); got[0] != "RELOADING=1" || len(got) != 2 || !strings.HasPrefix(got[1], "MONOTONIC_USEC=") {
		t.Errorf("got %q, want RELOADING=1 and MONOTONIC_USEC", got)
	}
	n.Reloaded(true)
	if got := next(); got[0] != "READY=1" || !strings.Contains(got[1], "failed") {
		t.Errorf("got %q, want READY=1 and a status that says that it failed", got)
	}
	n.Stopping(time.Minute)
	want := []string{"STOPPING=1", "EXTEND_TIMEOUT_USEC=75000000"}
	if got := next(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNoSocket checks that without systemd nothing is sent and nobody is asked.
func TestNoSocket(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n := New(zerolog.Nop())
	n.Watch(t.Context(), nil)
	n.Reloading()
	n.Stopping(0)
}
