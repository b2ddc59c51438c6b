package wsclient

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A process that was frozen finds out when it calls Valid. Valid returns false, and by then the context has ended,
// although no timer has fired.
func TestValidReadsTheClocks(t *testing.T) {
	suspended := core.Instant{Mono: at(time.Second).Mono, Wall: at(10 * time.Second).Wall}
	setBack := core.Instant{Mono: at(time.Second).Mono, Wall: at(time.Second).Wall, Asleep: 9 * time.Second}
	tests := []struct {
		name   string
		hold   time.Duration
		now    core.Instant
		reason LostReason // "": it is valid
	}{
		{"in time", 0, at(10*time.Second - 1), ""},
		{"frozen", 0, at(10 * time.Second), LostLease},
		{"suspended", 0, suspended, LostLease},
		{"suspended, and the wall clock set back", 0, setBack, LostLease},
		{"within its hold", time.Second, at(time.Second - 1), ""},
		{"its hold is over", time.Second, at(time.Second), LostExpired},
		{"lease and hold are over", time.Second, suspended, LostLease},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := fixture(t, test.hold)
			for name, lock := range map[string]*Lock{"borrower": l.borrower(t), "lock": l} {
				if got, want := lock.validAt(test.now), test.reason == ""; got != want {
					t.Errorf("%s: got %t, want %t", name, got, want)
				}
				var lost *LostError
				cause := context.Cause(lock.Context())
				if errors.As(cause, &lost) != (test.reason != "") || lost != nil &&
					lost.Reason != test.reason {
					t.Errorf("%s: its context: %v, want %s", name, cause, test.reason)
				}
			}
		})
	}
}

// Lease returns what is left of the lease, or of the hold if that ends earlier. For a covered lock it returns the
// least of what its lenders have, and nothing for a lock that is not held.
func TestLeaseOfLock(t *testing.T) {
	const second = time.Second
	tests := []struct {
		hold       time.Duration
		now        core.Instant
		left, kept time.Duration
	}{
		{0, at(4 * second), 6 * second, 15*second*10/11 - 4*second},
		{5 * second, at(4 * second), second, second},
		{0, core.Instant{Mono: at(second).Mono, Wall: at(9 * second).Wall}, second, 15*second*10/11 - 9*second},
	}
	for _, test := range tests {
		l := fixture(t, test.hold)
		for name, lock := range map[string]*Lock{"lock": l, "borrower": l.borrower(t)} {
			if left, kept := lock.leaseAt(test.now); left != test.left || kept != test.kept {
				t.Errorf("%s, %+v: got %v and %v", name, test, left, kept)
			}
		}
		l.markReleased()
		if left, kept := l.Lease(); left != 0 || kept != 0 {
			t.Errorf("released: got %v and %v", left, kept)
		}
	}
}

func TestReleasedIsNotValid(t *testing.T) {
	l := fixture(t, 0)
	l.markReleased()
	if l.validAt(at(0)) {
		t.Error("it is valid although it was released")
	}
}

// If a lock was lost before its context was made, the loss is the cause of the context, whatever has ended since
// then.
func TestContextOfLostLock(t *testing.T) {
	l := fixture(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	l.base = ctx // as in WithLock
	l.validAt(at(time.Hour))
	cancel()
	if cause := context.Cause(l.Context()); !errors.Is(cause, ErrLost) {
		t.Errorf("got %v, want ErrLost", cause)
	}
}

// When two goroutines call Context at once, there is one context, and nothing is left of the other.
func TestContextIsMadeTwice(t *testing.T) {
	l := fixture(t, 0)
	first, stopFirst := l.newContext(nil)
	second, stopSecond := l.newContext(nil)
	if got := l.publish(first, stopFirst); got != first {
		t.Errorf("the first is not that of the lock, but %v", got)
	}
	if got := l.publish(second, stopSecond); got != first || l.Context() != first {
		t.Errorf("got %v, want the first", got)
	}
	if first.Err() != nil || second.Err() == nil {
		t.Errorf("the first: %v; the second: %v, want it to have ended", first.Err(), second.Err())
	}
}

// A grant that crosses a cancel is ignored. If the connection ends before the cancel is answered, the request is not
// submitted again, because nobody would release it.
func TestGrantCrossesCancelAndTheEnd(t *testing.T) {
	l := waits(t, 0)
	conn := l.client.conn
	if settled, err := l.settle(true); !settled || !errors.Is(err, errGaveUp) {
		t.Fatalf("giving up: %t, %v", settled, err)
	}
	l.grant(t, 8, at(0))
	if settled, _ := l.settle(false); settled {
		t.Error("the grant counts")
	}
	conn.fail(ErrConnection)
	if n := l.client.core.PendingRequests(); n != 0 || l.request.End() == nil {
		t.Errorf("%d wait for the next connection", n)
	}
}

// A caller that is woken for something that is over by then goes on waiting, and is woken for the next event.
func TestSpuriousWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := waits(t, 0)
		l.wake()
		if settled, _ := l.settle(false); settled {
			t.Fatal("a request that waits is settled")
		}
		done := make(chan error, 1)
		go func() { done <- l.wait(t.Context()) }()
		synctest.Wait()
		if len(done) > 0 {
			t.Fatalf("the wait is over, with %v", <-done)
		}
		l.grant(t, 8, at(0))
		if err := <-done; err != nil || l.Token() != 8 {
			t.Fatalf("got %v, want the lock", err)
		}
		go func() { done <- l.Release() }()
		synctest.Wait()
		l.wake()
		synctest.Wait()
		if len(done) > 0 {
			t.Fatalf("the release is over, with %v", <-done)
		}
		l.receive(&wire.Lost{ID: l.request.What.ID, Reason: "stolen"}, at(0))
		if err := <-done; !errors.Is(err, ErrLost) {
			t.Errorf("got %v, want ErrLost", err)
		}
	})
}

// An answer does not change when the next one is read.
func TestAnswersAreKept(t *testing.T) {
	c := testConn(t)
	var pongs []*wire.Pong
	for n := range int64(2) {
		c.inquiries.Set(n, func(reply wire.Reply) { pongs = append(pongs, reply.(*wire.Pong)) })
	}
	for _, frame := range []string{`{"type":"pong","id":"s--0"}`, `{"type":"pong","id":"s--1"}`} {
		if err := c.receive([]byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	if len(pongs) != 2 || pongs[0].ID.N != 0 || pongs[1].ID.N != 1 {
		t.Errorf("got %v", pongs)
	}
}

// A grant that a frozen process reads after its lease does not count. The connection counts as ended, and the request
// waits for the next one.
func TestGrantThatIsReadTooLate(t *testing.T) {
	l := waits(t, 0)
	c := l.client
	c.clock.pass(11 * time.Second)
	if err := c.conn.receive([]byte(`{"type":"granted","id":"s--0","token":8}`)); err != nil {
		t.Fatal(err)
	}
	if settled, _ := l.settle(false); settled {
		t.Error("the grant counts")
	}
	if c.conn != nil || c.core.PendingRequests() != 1 {
		t.Errorf("connection %v, %d wait for the next", c.conn, c.core.PendingRequests())
	}
}

// A grant that was read in time does not count either, if the caller wakes after the lease.
func TestGrantThatIsClaimedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := waits(t, 0)
		clock := &l.client.clock
		l.grant(t, 8, clock.now())
		clock.latest = clock.now()
		clock.latest.Asleep += 11 * time.Second // the machine was suspended
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// When the wall clock is set forward, the lease ends needlessly. The broker has noticed nothing, so the client keeps
// the link open.
func TestClockSetForwardClosesNothing(t *testing.T) {
	l := fixture(t, 0)
	c := l.client.conn
	l.validAt(core.Instant{Mono: at(time.Second).Mono, Wall: at(time.Hour).Wall})
	if l.cause == nil || !c.isSilent {
		t.Fatalf("cause %v, silent: %t", l.cause, c.isSilent)
	}
	l.client.core.Tick(core.Instant{Mono: at(15 * time.Second).Mono, Wall: at(time.Hour).Wall})
	l.client.carryOut()
	if c.isSilent || len(l.client.core.Output().Close) != 0 {
		t.Error("the connection is still open")
	}
}

// When the network reports the end of a connection whose lease had ended before, the client does not close the link:
// the broker may not know of the end.
func TestEndAfterTheLeaseClosesNothing(t *testing.T) {
	for _, late := range []bool{false, true} {
		l := fixture(t, 0)
		c := l.client.conn
		if late {
			l.client.clock.pass(11 * time.Second)
		}
		c.fail(errors.New("reset"))
		if closed := c.link.Conn.(*nowhere).closed; closed == late {
			t.Errorf("after the lease: %t; closed: %t", late, closed)
		}
	}
}

// A lost lock has one error: Release returns the cause of the context, so that WithLock does not report it twice.
func TestLossIsOneError(t *testing.T) {
	l := fixture(t, 0)
	cause := func() error { return context.Cause(l.Context()) }
	l.receive(&wire.Lost{ID: l.request.What.ID, Reason: "stolen"}, at(0))
	if err := l.Release(); err != cause() || !errors.Is(err, ErrLost) { //nolint:errorlint // identity is meant
		t.Errorf("Release returned %v, and the context has ended with %v", err, cause())
	}
}
