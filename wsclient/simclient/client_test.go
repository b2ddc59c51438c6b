package simclient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A script drives one client.
type script struct {
	t      *testing.T
	client *Client
	now    Instant
	link   Link
}

func start(t *testing.T) *script {
	s := &script{t: t, client: New(Config{}, func() float64 { return 1 })}
	s.client.Start(s.now)
	s.link = s.client.Output().Dial
	return s
}

func connected(t *testing.T) *script {
	s := start(t)
	s.connect()
	return s
}

// connect answers the latest dial with a hello.
func (s *script) connect() {
	hello := &wire.Hello{
		Protocol: wire.Version, Session: fmt.Sprint("session", s.link),
		HeartbeatMS: 5000, TimeoutMS: 15_000, Limits: wire.DefaultLimits(),
	}
	s.client.Connected(s.link, s.now, s.now, hello)
}

// at sets the clocks, and lets the client do what is due.
func (s *script) at(d time.Duration) {
	s.now = Instant{Mono: d, Wall: d}
	s.client.Tick(s.now)
}

// hold acquires the lock a, grants it and settles it.
func (s *script) hold(o Options) Request {
	o.Locks = []wire.LockSpec{{Name: "a"}}
	r := s.client.Acquire(s.now, o)
	s.client.Receive(s.link, s.now, &wire.Granted{ID: s.client.Status(r).ID, Token: 7})
	if !slices.Contains(s.client.Output().Woken, r) {
		s.t.Fatal("a grant does not wake its caller")
	}
	if status := s.client.Settle(s.now, r, false); status.State != Holding || status.Token != 7 {
		s.t.Fatalf("a caller does not get its locks: %+v", status)
	}
	return r
}

// links checks what the client does with its links.
func (s *script) links(want ...LinkAct) {
	s.t.Helper()
	if got := s.client.Output().Links; !slices.Equal(got, want) {
		s.t.Fatalf("at %v the client does %v, want %v", s.now.Mono, got, want)
	}
}

// deadline checks the deadline.
func (s *script) deadline(want time.Duration) {
	s.t.Helper()
	if got, ok := s.client.Deadline(); !ok || got != want {
		s.t.Fatalf("at %v the deadline is %v, %t; want %v", s.now.Mono, got, ok, want)
	}
}

func (s *script) ended(r Request, want End) {
	s.t.Helper()
	if got := s.client.Status(r); got.State != Ended || got.End != want {
		s.t.Fatalf("the request has the status %+v, want the end %+v", got, want)
	}
}

// Without an answer, the lease of a holder ends after two thirds of the session timeout. The client then falls silent
// until the session timeout has passed, and connects again meanwhile.
func TestLeaseEnds(t *testing.T) {
	s := connected(t)
	r := s.hold(Options{})
	s.deadline(5 * time.Second)
	s.at(5 * time.Second)
	if got := s.client.Output().Send; len(got) != 1 {
		t.Fatalf("at the heartbeat the client sends %v", got)
	}
	s.deadline(10 * time.Second)
	if !s.client.PeekValid(Instant{Mono: 10*time.Second - 1}, r) ||
		s.client.PeekValid(Instant{Mono: 10 * time.Second}, r) {
		t.Error("PeekValid does not change at the end of the lease")
	}
	s.at(10 * time.Second)
	s.links(LinkAct{1, FallSilent})
	s.ended(r, End{How: Lost, Reason: "lease"})
	if !slices.Equal(s.client.Output().Stopped, []Request{r}) || !s.client.Status(r).Stopped {
		t.Error("the holder is not told")
	}
	s.deadline(10*time.Second + 100*time.Millisecond) // the dice show 1
	s.at(10*time.Second + 100*time.Millisecond)
	if s.client.Output().Dial != 2 {
		t.Error("the client does not connect again")
	}
	s.at(15 * time.Second)
	s.links(LinkAct{1, Close})
}

// A pong extends the lease, counted from its ping.
func TestPongExtendsLease(t *testing.T) {
	s := connected(t)
	r := s.hold(Options{})
	s.at(5 * time.Second)
	ping := s.client.Output().Send[0].(*wire.Ping)
	s.now = Instant{Mono: 9 * time.Second, Wall: 9 * time.Second}
	s.client.Receive(s.link, s.now, &wire.Pong{ID: ping.ID})
	s.at(15*time.Second - 1)
	if !s.client.Valid(s.now, r) {
		t.Error("the pong does not extend the lease")
	}
	s.at(15 * time.Second)
	if s.client.Valid(s.now, r) {
		t.Error("the pong extends the lease for too long")
	}
}

// A caller that gives up while its grant is on the way gets nothing. The client sends one cancel.
func TestCancelMeetsGrant(t *testing.T) {
	s := connected(t)
	r := s.client.Acquire(s.now, Options{Locks: []wire.LockSpec{{Name: "a"}}})
	id := s.client.Status(r).ID
	if status := s.client.Settle(s.now, r, true); status.End.How != Cancelled {
		t.Fatalf("after giving up: %+v", status)
	}
	if got := s.client.Output().Send; len(got) != 1 || got[0].(*wire.Cancel).ID != id {
		t.Fatalf("the client sends %v", got)
	}
	s.client.Receive(s.link, s.now, &wire.Granted{ID: id, Token: 1})
	if s.client.Valid(s.now, r) || s.client.Settle(s.now, r, false).State != Ended {
		t.Error("a cancelled request holds")
	}
}

// A waiter is submitted again on the next connection, and a grant that nobody has settled does not count.
func TestResubmission(t *testing.T) {
	s := connected(t)
	first := s.client.Acquire(s.now, Options{Locks: []wire.LockSpec{{Name: "a"}}})
	second := s.client.Acquire(s.now, Options{Locks: []wire.LockSpec{{Name: "b"}}})
	s.client.Receive(s.link, s.now, &wire.Granted{ID: s.client.Status(second).ID, Token: 1})
	s.client.Ended(s.link, s.now, 0)
	s.links(LinkAct{1, Close})
	if status := s.client.Settle(s.now, second, false); status.State != Waiting {
		t.Fatalf("after the end: %+v", status)
	}
	s.at(100 * time.Millisecond)
	s.link = s.client.Output().Dial
	s.connect()
	send := s.client.Output().Send
	if len(send) != 2 || send[0].(*wire.Acquire).ID != s.client.Status(first).ID ||
		send[1].(*wire.Acquire).ID != s.client.Status(second).ID {
		t.Errorf("the client resubmits %v", send)
	}
}

// An attempt that fails is followed by the next after a pause that doubles. A refusal for good ends the client.
func TestDial(t *testing.T) {
	s := start(t)
	s.deadline(10 * time.Second)
	s.client.DialFailed(1, s.now, 503)
	s.deadline(100 * time.Millisecond)
	s.at(100 * time.Millisecond)
	s.client.DialFailed(2, s.now, 0)
	s.deadline(300 * time.Millisecond)
	s.at(300 * time.Millisecond)
	s.at(300*time.Millisecond + helloWait)
	s.links(LinkAct{3, Close})
	if s.client.Closed() || s.client.IsReady() {
		t.Error("the client has ended, or is ready")
	}
	s.at(300*time.Millisecond + helloWait + 400*time.Millisecond)
	s.client.DialFailed(4, s.now, 401)
	if !s.client.Closed() {
		t.Error("a refusal for good does not end the client")
	}
	if due, ok := s.client.Deadline(); ok {
		t.Errorf("after its end the client has the deadline %v", due)
	}
}

// A hello that comes after its lease makes no connection.
func TestHelloTooLate(t *testing.T) {
	s := start(t)
	s.now = Instant{Mono: 9 * time.Second, Wall: 10 * time.Second}
	s.client.Connected(1, Instant{}, s.now,
		&wire.Hello{Session: "s", TimeoutMS: 15_000, HeartbeatMS: 5000, Limits: wire.DefaultLimits()})
	s.links(LinkAct{1, Close})
	if s.client.Link() != 0 {
		t.Error("the client is connected")
	}
}

// The client answers a close frame, and a close with a final code ends it.
func TestCloseFrame(t *testing.T) {
	s := connected(t)
	s.client.Ended(1, s.now, wire.CloseRestart)
	s.links(LinkAct{1, AnswerClose})
	s.at(100 * time.Millisecond)
	s.link = 2
	s.connect()
	s.client.Ended(2, s.now, wire.CloseTooBig)
	if !s.client.Closed() {
		t.Error("a final close code does not end the client")
	}
}

// Drain waits for the holder, and then says goodbye.
func TestDrain(t *testing.T) {
	s := connected(t)
	held := s.hold(Options{})
	waits := s.client.Acquire(s.now, Options{Locks: []wire.LockSpec{{Name: "b"}}})
	s.client.Drain(s.now)
	s.ended(waits, End{How: Closed})
	s.client.Release(s.now, held)
	if state := s.client.Status(held).State; state != Releasing {
		t.Errorf("after the release: %v", state)
	}
	s.client.Receive(1, s.now, &wire.Released{ID: s.client.Status(held).ID})
	s.links(LinkAct{1, Goodbye})
	s.ended(held, End{How: Released})
	s.deadline(closeWait)
	s.client.Ended(1, s.now, wire.CloseNormal)
	s.links(LinkAct{1, Close})
}

// A request inside another one that holds its lock is not sent. It ends with the other one.
func TestNested(t *testing.T) {
	s := connected(t)
	outer := s.hold(Options{})
	inner := s.client.Acquire(s.now, Options{Locks: []wire.LockSpec{{Name: "a"}}, Outer: outer})
	if status := s.client.Status(inner); status.State != Holding || !status.Covered || status.Token != 7 {
		t.Fatalf("the inner request: %+v", status)
	}
	s.client.Release(s.now, outer)
	if s.client.Valid(s.now, inner) || !s.client.Status(inner).Stopped {
		t.Error("the inner request outlives the outer one")
	}
}

// A request with a MinHold counts as released at once, and is released on the broker later.
func TestMinHold(t *testing.T) {
	s := connected(t)
	r := s.hold(Options{MinHold: time.Second})
	s.client.Release(s.now, r)
	s.ended(r, End{How: Released})
	s.at(time.Second)
	if got := s.client.Output().Send; len(got) != 1 {
		t.Errorf("after its MinHold the client sends %v", got)
	}
}

// Reset makes a new client.
func TestReset(t *testing.T) {
	s := connected(t)
	s.hold(Options{})
	s.client.Reset(Config{}, func() float64 { return 0 })
	if _, ok := s.client.Deadline(); ok || s.client.Link() != 0 || s.client.IsReady() {
		t.Error("Reset leaves something")
	}
	s.client.Start(s.now)
	if s.client.Output().Dial != 1 {
		t.Error("after Reset the links do not begin with 1")
	}
}

// Without reconnecting, the end of the connection is the end of the client.
func TestNoReconnect(t *testing.T) {
	s := start(t)
	s.client.Reset(Config{NoReconnect: true}, func() float64 { return 0 })
	s.client.Start(s.now)
	s.connect()
	s.client.WriteFailed(1, s.now)
	if !s.client.Closed() {
		t.Error("the client has not ended")
	}
}
