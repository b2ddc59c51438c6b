package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// onSteady runs f with a steadyBroker and a client with Resume.
func onSteady(t *testing.T, o wsclient.Options, f func(t *testing.T, b *steadyBroker, c *wsclient.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newSteadyBroker(t)
		f(t, b, b.dial(o))
	})
}

// outcomes notes what Trace.Resumed reports.
type outcomes struct {
	mu  sync.Mutex
	all []error
}

func (o *outcomes) trace() *wsclient.Trace {
	return &wsclient.Trace{Resumed: func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all = append(o.all, err)
	}}
}

func (o *outcomes) seen() []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.all)
}

// A lock survives the end of the connection. Meanwhile the client tells the truth about it.
func TestLockSurvivesTheConnection(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.away.Store(true)
		b.cut()
		pass(3 * time.Second)
		left, kept := lock.Lease()
		if !lock.Valid() || lock.Context().Err() != nil || left <= 0 || kept <= left {
			t.Errorf("valid %t, left %v, kept %v", lock.Valid(), left, kept)
		}
		if c.State() != wsclient.Connecting || c.Session() != "" {
			t.Errorf("%v, session %q", c.State(), c.Session())
		}
	})
}

// The client takes up its session: a held lock is the same lock, and a waiting request keeps its id.
func TestSessionTakenUp(t *testing.T) {
	var o outcomes
	onSteady(t, wsclient.Options{Resume: true, Trace: o.trace()}, func(
		t *testing.T, b *steadyBroker, c *wsclient.Client,
	) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		id, token := lock.ID(), lock.Token()
		waits := startAcquire(t.Context(), c, "busy", nil)
		b.cut()
		pass(time.Second)
		if c.State() != wsclient.Connected || !lock.Valid() || lock.ID() != id || lock.Token() != token {
			t.Errorf("%v, valid %t, %v, token %d", c.State(), lock.Valid(), lock.ID(), lock.Token())
		}
		want := "session1 secret1 [[0 1]] [1]"
		if got := sketch(b.statements()[0]); got != want {
			t.Errorf("the client stated %s, want %s", got, want)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
		b.say(b.latest(), &wire.Granted{ID: wire.ID{Session: "session1", N: 1}, Token: 9})
		<-waits.done
		if waits.err != nil || waits.lock.Token() != 9 {
			t.Errorf("the waiter: %v", waits.err)
		}
		if got := o.seen(); len(got) != 1 || got[0] != nil {
			t.Errorf("Trace.Resumed: %v", got)
		}
		b.expectSent("acquire", "acquire", "resume", "release")
	})
}

// sketch returns the session and the secret of a statement, what it states as held, with tokens, and as waiting.
func sketch(m *wire.Resume) string {
	var held [][2]int64
	for _, r := range m.Held {
		held = append(held, [2]int64{r.N, r.Token})
	}
	var waiting []int64
	for _, r := range m.Waiting {
		waiting = append(waiting, r.N)
	}
	return fmt.Sprint(m.Session, " ", m.Secret, " ", held, " ", waiting)
}

// The session goes on with the ids of the old connection, heartbeats included.
func TestSessionGoesOn(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		b.cut()
		pass(time.Minute) // without heartbeats the lease would end
		if c.State() != wsclient.Connected || c.Session() != "session1" {
			t.Errorf("a minute later: %v, session %q", c.State(), c.Session())
		}
		if _, err := c.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if b.expectSent("resume"); len(b.statements()[0].Held) != 0 {
			t.Errorf("the client stated %s", sketch(b.statements()[0]))
		}
	})
}

// A broker that moves leaves the session to every client. Any other end does not, without Resume.
func TestMoving(t *testing.T) {
	onSteady(t, wsclient.Options{}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		dials := b.dials.Load()
		b.moves()
		pass(50 * time.Millisecond)
		if c.State() != wsclient.Connected || b.dials.Load() != dials+1 || !lock.Valid() {
			t.Fatalf("after 50 ms: %v, %d dials, valid %t", c.State(), b.dials.Load()-dials, lock.Valid())
		}
		b.cut()
		synctest.Wait()
		expectLost(t, context.Cause(lock.Context()), wsclient.LostConnection)
		b.expectSent("acquire", "resume")
	})
}

// With NoReconnect, too, a session outlives a move of the broker. Any other end of the connection ends the client.
func TestMovingWithoutReconnect(t *testing.T) {
	onSteady(t, wsclient.Options{NoReconnect: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "busy", nil)
		b.moves()
		pass(50 * time.Millisecond)
		if c.State() != wsclient.Connected || !lock.Valid() || waits.isDone() {
			t.Fatalf("after the move: %v, valid %t, the waiter %v", c.State(), lock.Valid(), waits.err)
		}
		b.cut()
		<-c.Done()
		expectLost(t, context.Cause(lock.Context()), wsclient.LostConnection)
		if <-waits.done; !errors.Is(waits.err, wsclient.ErrConnection) || b.dials.Load() != 2 {
			t.Errorf("the waiter: %v, %d dials", waits.err, b.dials.Load())
		}
	})
}

// With NoReconnect, the client ends if it does not get its session back after a move.
func TestNotTakenUpWithoutReconnect(t *testing.T) {
	tests := []struct {
		away   bool
		within time.Duration
		reason wsclient.LostReason
		why    string
	}{
		{false, 50 * time.Millisecond, wsclient.LostConnection,
			"the session was not taken up: there is no such session to take up"},
		{true, 10 * time.Second, wsclient.LostLease, "the broker has moved, and within 10s there was no other"},
	}
	for _, test := range tests {
		onSteady(t, wsclient.Options{NoReconnect: true}, func(
			t *testing.T, b *steadyBroker, c *wsclient.Client,
		) {
			lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
			waits := startAcquire(t.Context(), c, "busy", nil)
			b.answers(refuse)
			b.away.Store(test.away)
			b.moves()
			pass(test.within)
			expectLost(t, context.Cause(lock.Context()), test.reason)
			want := "connection to ws://stage/ws has ended: " + test.why
			err := c.Err()
			if err == nil || err.Error() != want || !errors.Is(err, wsclient.ErrConnection) {
				t.Fatalf("got %v, want %s", err, want)
			}
			if <-waits.done; !errors.Is(waits.err, err) {
				t.Errorf("the waiter: %v", waits.err)
			}
			<-c.Done()
		})
	}
}

// If the broker does not take up the session, the locks are lost, and what waits is submitted again.
func TestNotTakenUp(t *testing.T) {
	var o outcomes
	onSteady(t, wsclient.Options{Resume: true, Trace: o.trace()}, func(
		t *testing.T, b *steadyBroker, c *wsclient.Client,
	) {
		b.answers(refuse)
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		_ = startAcquire(t.Context(), c, "busy", nil)
		b.cut()
		synctest.Wait()
		if !lock.Valid() {
			t.Error("the lock was lost with its connection")
		}
		pass(time.Second)
		cause := context.Cause(lock.Context())
		expectLost(t, cause, wsclient.LostConnection)
		var lost *wsclient.LostError
		if errors.As(cause, &lost) && (lost.Left() != 0 || !errors.Is(lost, wsclient.ErrConnection)) {
			t.Errorf("%v, left %v", lost, lost.Left())
		}
		if err := lock.Release(); !errors.Is(err, wsclient.ErrLost) {
			t.Errorf("Release returned %v", err)
		}
		const why = "the session was not taken up: there is no such session to take up"
		if got := o.seen(); len(got) != 1 || got[0] == nil || got[0].Error() != why {
			t.Errorf("Trace.Resumed: %v", got)
		}
		if c.Session() != "session2" {
			t.Errorf("session %q", c.Session())
		}
		b.expectSent("acquire", "acquire", "resume", "acquire")
	})
}

// A close frame of the broker is answered, although the locks are held.
func TestCloseFrameLeavesTheSession(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		answers := make(chan int, 2)
		ws := b.latest()
		ws.SetCloseHandler(func(code int, _ string) error {
			answers <- code
			return nil
		})
		b.away.Store(true)
		frame := websocket.FormatCloseMessage(wire.ClosePolicy, "slow consumer")
		_ = ws.WriteControl(websocket.CloseMessage, frame, time.Time{})
		if code := <-answers; code != wire.ClosePolicy || !lock.Valid() {
			t.Errorf("answered with %d, valid: %t", code, lock.Valid())
		}
		b.away.Store(false)
		pass(time.Second)
		if c.State() != wsclient.Connected || !lock.Valid() {
			t.Errorf("%v, valid: %t", c.State(), lock.Valid())
		}
	})
}

// If the broker does not answer a statement, the client tries again on another connection, in time, and says what it
// has tried.
func TestNoAnswerToAStatement(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.answers(func(*wire.Resume) wire.Reply { return nil })
		b.cut()
		pass(900 * time.Millisecond)
		b.answers(nil)
		pass(2 * time.Second)
		all := b.statements()
		if len(all) != 2 || all[1].Secret != "secret1" || !slices.Equal(all[1].Tried, []string{"secret2"}) {
			t.Errorf("the client stated %+v", all)
		}
		if c.State() != wsclient.Connected || c.Session() != "session1" || !lock.Valid() {
			t.Errorf("%v, session %q, valid %t", c.State(), c.Session(), lock.Valid())
		}
		b.cut()
		pass(time.Second)
		if last := b.statements()[2]; last.Secret != "secret3" || len(last.Tried) > 0 {
			t.Errorf("the client stated %+v", last)
		}
	})
}

// A broker that ends the connection of a statement with a close code that ends sessions may have ended this one. After
// any other code, the client tries again.
func TestCloseCodeBeforeTheAnswer(t *testing.T) {
	for code, ends := range map[int]bool{
		wire.CloseProtocol: true, wire.CloseBinary: true, wire.CloseTooBig: true, wire.CloseRestart: true,
		wire.CloseRevoked: true, wire.ClosePolicy: false, wire.CloseExpired: false,
		websocket.CloseGoingAway: false,
	} {
		onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
			lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
			b.answers(func(*wire.Resume) wire.Reply {
				go func() {
					frame := websocket.FormatCloseMessage(code, "")
					_ = b.latest().WriteControl(websocket.CloseMessage, frame, time.Time{})
				}()
				return nil
			})
			b.cut()
			pass(70 * time.Millisecond)
			b.answers(nil)
			pass(2 * time.Second)
			if lock.Valid() == ends {
				t.Errorf("after %d the lock is valid: %t", code, lock.Valid())
			}
		})
	}
}

// While a lease is running out, the client makes several attempts to connect, the first one at once.
func TestAttemptsWithinTheLease(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		_ = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.away.Store(true)
		before := b.dials.Load()
		b.cut()
		pass(50 * time.Millisecond)
		if b.dials.Load() == before {
			t.Error("no attempt within 50 ms")
		}
		pass(9 * time.Second)
		if n := b.dials.Load() - before; n < 8 {
			t.Errorf("%d attempts within the lease", n)
		}
	})
}

// Close while the broker has not answered the statement ends the client, and says goodbye.
func TestCloseBeforeTheAnswer(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.answers(func(*wire.Resume) wire.Reply { return nil })
		b.cut()
		pass(time.Second)
		b.expectSent("acquire", "resume")
		_ = c.Close()
		expectLost(t, context.Cause(lock.Context()), wsclient.LostClosed)
	})
}

// An answer that makes no sense ends the connection, and not the session.
func TestSenselessAnswer(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.answers(func(m *wire.Resume) wire.Reply { return &wire.Resumed{ID: m.ID, Held: []int64{7}} })
		b.cut()
		pass(200 * time.Millisecond)
		b.answers(nil)
		pass(2 * time.Second)
		if c.State() != wsclient.Connected || !lock.Valid() || len(b.statements()) < 2 {
			t.Errorf("%v, valid %t, %d statements", c.State(), lock.Valid(), len(b.statements()))
		}
	})
}
