package wsclient

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// fixture is a lock that is held on a connection that was heard of at 0, with a
// timeout of 15s, and no goroutine or timer that would notice anything.
func fixture(hold time.Duration) *Lock {
	c := newClient(nil, Options{})
	conn := &conn{
		client: c, mu: &c.mu,
		link:     link{Conn: nowhere{}},
		done:     make(chan struct{}),
		lease:    lease{timeout: 15 * time.Second, heard: at(0)},
		watchdog: time.NewTimer(time.Hour),
	}
	c.conn = conn
	close(c.online)
	l := &Lock{client: c, base: context.Background()}
	l.request = &request{client: c, conn: conn, lock: l, term: term{hold: hold}, changed: make(chan struct{}, 1)}
	conn.requests.set(0, l.request)
	l.request.grant(7, at(0))
	_, _ = l.request.settle(nil)
	return l
}

// A process that wakes up finds out at its first look: Valid says no, and by then
// the context has ended, although no timer has fired.
func TestValidLooksAtTheClocks(t *testing.T) {
	suspended := instant{mono: at(time.Second).mono, wall: at(10 * time.Second).wall}
	setBack := instant{mono: at(time.Second).mono, wall: at(time.Second).wall, asleep: 9 * time.Second}
	tests := []struct {
		name   string
		hold   time.Duration
		now    instant
		reason LostReason // "": it is valid
	}{
		{"in time", 0, at(10*time.Second - 1), ""},
		{"frozen", 0, at(10 * time.Second), LostLease},
		{"suspended", 0, suspended, LostLease},
		{"suspended, and the clock on the wall set back", 0, setBack, LostLease},
		{"within its hold", time.Second, at(time.Second - 1), ""},
		{"its hold is over", time.Second, at(time.Second), LostExpired},
		{"lease and hold are over", time.Second, suspended, LostLease},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := fixture(test.hold)
			borrower := &Lock{client: l.client, base: context.Background(), lenders: []*Lock{l}}
			l.borrowers = map[*Lock]struct{}{borrower: {}}
			for name, lock := range map[string]*Lock{"borrower": borrower, "lock": l} {
				if got, want := lock.isValid(test.now), test.reason == ""; got != want {
					t.Errorf("%s: got %t, want %t", name, got, want)
				}
				var lost *LostError
				cause := context.Cause(lock.Context())
				if errors.As(cause, &lost) != (test.reason != "") || lost != nil && lost.Reason != test.reason {
					t.Errorf("%s: its context: %v, want %s", name, cause, test.reason)
				}
			}
			l.client.finish(ErrClosed)
		})
	}
}

// What is left is that of the lease, or of the hold where that ends earlier; a lock that is covered by others has what
// the first of them has. A lock that is not held has nothing.
func TestLeaseOfLock(t *testing.T) {
	const second = time.Second
	tests := []struct {
		hold       time.Duration
		now        instant
		left, kept time.Duration
	}{
		{0, at(4 * second), 6 * second, 15*second*10/11 - 4*second},
		{5 * second, at(4 * second), second, second},
		{0, instant{mono: at(second).mono, wall: at(9 * second).wall}, second, 15*second*10/11 - 9*second},
	}
	for _, test := range tests {
		l := fixture(test.hold)
		borrower := &Lock{client: l.client, base: context.Background(), lenders: []*Lock{l}}
		for name, lock := range map[string]*Lock{"lock": l, "borrower": borrower} {
			if left, kept := lock.leaseAt(test.now); left != test.left || kept != test.kept {
				t.Errorf("%s, %+v: got %v and %v", name, test, left, kept)
			}
		}
		l.end(ErrReleased)
		if left, kept := l.Lease(); left != 0 || kept != 0 {
			t.Errorf("released: got %v and %v", left, kept)
		}
		l.client.finish(ErrClosed)
	}
}

func TestReleasedIsNotValid(t *testing.T) {
	l := fixture(0)
	l.end(ErrReleased)
	if l.isValid(at(0)) {
		t.Error("it is valid although it was released")
	}
	l.client.finish(ErrClosed)
}

// A lock that was lost before somebody asks for its context has one that says so,
// whatever has ended since then.
func TestContextOfWhatWasLost(t *testing.T) {
	l := fixture(0)
	ctx, cancel := context.WithCancel(context.Background())
	l.base = ctx // as in WithLock
	l.isValid(at(time.Hour))
	cancel()
	if cause := context.Cause(l.Context()); !errors.Is(cause, ErrLost) {
		t.Errorf("got %v, want ErrLost", cause)
	}
	l.client.finish(ErrClosed)
}

// When two ask for the context at once, there is one, and nothing is left of the other.
func TestContextIsMadeTwice(t *testing.T) {
	l := fixture(0)
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
	l.client.finish(ErrClosed)
}

// A grant that crosses a cancel means nothing: when the connection ends before the
// cancel is answered, the request is not asked for again, for nobody would release it.
func TestGrantCrossesCancelAndTheEnd(t *testing.T) {
	l := fixture(0)
	conn, r := l.request.conn, l.request
	r.ungrant()
	if settled, err := r.settle(context.Canceled); !settled || !errors.Is(err, context.Canceled) {
		t.Fatalf("giving up: %t, %v", settled, err)
	}
	r.grant(8, at(0))
	if settled, _ := r.settle(nil); settled {
		t.Error("the grant is believed")
	}
	conn.finish(LostConnection, ErrConnection)
	if n := l.client.pending.len(); n != 0 || r.state != ended {
		t.Errorf("%d wait for the next connection", n)
	}
	l.client.finish(ErrClosed)
}

// Who waits and is woken for what is over by then goes on waiting, and hears of what
// comes next.
func TestWakingForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fixture(0)
		r := l.request
		r.ungrant() // the token of the first grant is still there
		if settled, _ := r.settle(nil); settled {
			t.Fatal("a grant that is over is believed")
		}
		r.grant(8, at(0))
		if err := r.wait(t.Context()); err != nil || !r.claimed {
			t.Fatalf("got %v, want the lock", err)
		}
		done := make(chan error, 1)
		go func() { done <- r.await() }()
		synctest.Wait()
		r.signal()
		synctest.Wait()
		if len(done) > 0 {
			t.Fatalf("the release is over, with %v", <-done)
		}
		l.client.mu.Lock()
		r.finish(ErrLost)
		l.client.mu.Unlock()
		if err := <-done; !errors.Is(err, ErrLost) {
			t.Errorf("got %v, want ErrLost", err)
		}
		l.client.finish(ErrClosed)
	})
}

// An answer is not changed by the next one that is read.
func TestAnswersAreKept(t *testing.T) {
	c := fixture(0).request.conn
	c.hello = &wire.Hello{Session: "s"}
	c.decoder.Session = "s"
	c.lease.heard = now()
	var pongs []*wire.Pong
	for n := range int64(2) {
		c.asked.set(n, func(reply wire.Reply) { pongs = append(pongs, reply.(*wire.Pong)) })
	}
	for _, frame := range []string{`{"type":"pong","id":"s--0"}`, `{"type":"pong","id":"s--1"}`} {
		if err := c.receive([]byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	if len(pongs) != 2 || pongs[0].ID.N != 0 || pongs[1].ID.N != 1 {
		t.Errorf("got %v", pongs)
	}
	c.client.finish(ErrClosed)
}

// A grant that a frozen process reads after its lease is not believed: the
// connection counts as lost, and who waits waits for the next.
func TestGrantThatIsReadTooLate(t *testing.T) {
	l := fixture(0)
	conn, r := l.request.conn, l.request
	r.ungrant()
	conn.hello = &wire.Hello{Session: "s"}
	conn.lease.heard = instant{mono: time.Now().Add(-11 * time.Second), wall: time.Now().Add(-11 * time.Second).Round(0)}
	if err := conn.receive([]byte(`{"type":"granted","id":"s--0","token":8}`)); err != nil {
		t.Fatal(err)
	}
	if claimed, _ := r.settle(nil); claimed {
		t.Error("the grant is believed")
	}
	if l.client.conn != nil || l.client.pending.len() != 1 {
		t.Errorf("connection %v, %d wait for the next", l.client.conn, l.client.pending.len())
	}
	l.client.finish(ErrClosed)
}

// Nor is one believed that was read in time, when the caller, who was to be woken by it, wakes
// after the lease.
func TestGrantThatIsTakenTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fixture(0)
		conn, r := l.request.conn, l.request
		r.ungrant()
		r.claimed = false
		conn.lease.heard = now()
		r.grant(8, now())
		conn.lease.heard.asleep -= 11 * time.Second // the machine was suspended
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || r.claimed {
			t.Errorf("got %v, claimed: %t", err, r.claimed)
		}
		l.client.finish(ErrClosed)
	})
}

// A clock that is set forward ends the lease, for nothing. The broker has noticed
// nothing: the client does not hang up either.
func TestClockSetForwardHangsUpNothing(t *testing.T) {
	l := fixture(0)
	c := l.request.conn
	l.isValid(instant{mono: at(time.Second).mono, wall: at(time.Hour).wall})
	if l.cause == nil || c.parting == nil {
		t.Fatalf("cause %v, parting %v", l.cause, c.parting)
	}
	c.hangUp()
	if c.parting != nil || len(c.client.parting) != 0 {
		t.Error("the connection is still open")
	}
}
