package jsclient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A script drives one client.
type script struct {
	t       *testing.T
	process *Process
	client  *Client
	now     simclient.Instant
	link    simclient.Link
}

// start starts a client.
func start(t *testing.T) *script {
	t.Helper()
	process := startProcess(t)
	s := &script{t: t, process: process, client: process.New(simclient.Config{}, func() float64 { return 0.5 })}
	s.client.Start(s.now)
	s.link = s.client.Output().Dial
	if s.link != 1 {
		t.Fatalf("the client does not connect: %v", process.Err())
	}
	return s
}

func connected(t *testing.T) *script {
	s := start(t)
	s.connect()
	if !s.client.IsReady() || s.client.Link() != 1 {
		t.Fatalf("the client is not connected: %v", s.process.Err())
	}
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

func (s *script) at(d time.Duration) {
	s.now = simclient.Instant{Mono: d, Wall: d}
	s.client.Tick(s.now)
}

// run ticks the client at its deadlines, until that time.
func (s *script) run(until time.Duration) {
	for {
		due, ok := s.client.Deadline()
		if !ok || due > until {
			s.now = simclient.Instant{Mono: until, Wall: until}
			return
		}
		s.at(due)
		if dial := s.client.Output().Dial; dial != 0 {
			s.link = dial
		}
	}
}

func (s *script) acquire(name string, o simclient.Options) simclient.Request {
	o.Locks = []wire.LockSpec{{Name: name}}
	r := s.client.Acquire(s.now, o)
	if len(s.client.Output().Send) != 1 {
		s.t.Fatalf("an acquire sends %v", s.client.Output().Send)
	}
	return r
}

func (s *script) hold(name string, o simclient.Options) simclient.Request {
	r := s.acquire(name, o)
	s.client.Receive(s.link, s.now, &wire.Granted{ID: s.client.Status(r).ID, Token: 7})
	if status := s.client.Settle(s.now, r, false); status.State != simclient.Holding || status.Token != 7 {
		s.t.Fatalf("a caller does not get its locks: %+v", status)
	}
	return r
}

func (s *script) ended(r simclient.Request, want simclient.End) {
	s.t.Helper()
	if got := s.client.Status(r); got.State != simclient.Ended || got.End != want {
		s.t.Fatalf("the request has the status %+v, want the end %+v", got, want)
	}
}

func (s *script) links(want ...simclient.LinkAct) {
	s.t.Helper()
	if got := s.client.Output().Links; !slices.Equal(got, want) {
		s.t.Fatalf("at %v the client does %v, want %v", s.now.Mono, got, want)
	}
}

// Without an answer, the lease of a holder ends after two thirds of the session timeout. The socket stays open until
// the session timeout has passed, and the client connects again meanwhile.
func TestLeaseEnds(t *testing.T) {
	s := connected(t)
	r := s.hold("a", simclient.Options{})
	s.run(9900 * time.Millisecond)
	if !s.client.Valid(s.now, r) {
		t.Fatal("the lock is lost before its lease has ended")
	}
	s.now = simclient.Instant{Mono: 10 * time.Second, Wall: 10 * time.Second}
	if s.client.PeekValid(s.now, r) {
		t.Error("the lock outlives its lease")
	}
	s.client.Tick(s.now)
	s.links()
	s.ended(r, simclient.End{How: simclient.Lost, Reason: "lease"})
	if !slices.Equal(s.client.Output().Stopped, []simclient.Request{r}) {
		t.Errorf("the output does not say that the holder was told: %+v", s.client.Output())
	}
	s.run(14_900 * time.Millisecond)
	if s.link != 2 {
		t.Error("the client does not connect again")
	}
	s.connect()
	s.at(15 * time.Second)
	s.links(simclient.LinkAct{Link: 1, Act: simclient.Close})
}

// A caller that gives up while its grant is on the way gets nothing.
func TestCancelMeetsGrant(t *testing.T) {
	s := connected(t)
	r := s.acquire("a", simclient.Options{})
	id := s.client.Status(r).ID
	if status := s.client.Settle(s.now, r, true); status.End.How != simclient.Cancelled {
		t.Fatalf("after giving up: %+v", status)
	}
	if send := s.client.Output().Send; len(send) != 1 || send[0].(*wire.Cancel).ID != id {
		t.Fatalf("the client sends %v", send)
	}
	s.client.Receive(s.link, s.now, &wire.Granted{ID: id, Token: 1})
	if s.client.Valid(s.now, r) {
		t.Error("a cancelled request holds")
	}
}

// Waiters are submitted again on the next connection, in the same order. A holder loses its lock.
func TestResubmission(t *testing.T) {
	s := connected(t)
	held := s.hold("a", simclient.Options{})
	first := s.acquire("b", simclient.Options{})
	second := s.acquire("c", simclient.Options{Wait: time.Minute})
	s.client.Ended(s.link, s.now, 0)
	s.links(simclient.LinkAct{Link: 1, Act: simclient.Close})
	s.ended(held, simclient.End{How: simclient.Lost, Reason: "connection"})
	s.run(time.Second)
	s.connect()
	send := s.client.Output().Send
	if len(send) != 2 || send[0].(*wire.Acquire).ID != s.client.Status(first).ID ||
		send[1].(*wire.Acquire).ID != s.client.Status(second).ID {
		t.Errorf("the client resubmits %v on link %d", send, s.link)
	}
}

// Refusals, releases and the end of the client reach the callers.
func TestEnds(t *testing.T) {
	s := connected(t)
	refused := s.acquire("a", simclient.Options{Once: true})
	s.client.Receive(s.link, s.now, &wire.Error{ID: s.client.Status(refused).ID, Code: wire.Unavailable})
	released := s.hold("b", simclient.Options{})
	s.client.Release(s.now, released)
	s.client.Receive(s.link, s.now, &wire.Released{ID: s.client.Status(released).ID})
	s.ended(released, simclient.End{How: simclient.Released})
	stolen := s.hold("c", simclient.Options{Hold: time.Minute})
	s.client.Receive(s.link, s.now, &wire.Lost{ID: s.client.Status(stolen).ID, Reason: wire.LostStolen, By: "x"})
	s.ended(stolen, simclient.End{How: simclient.Lost, Reason: "stolen"})
	inner := s.acquire("e", simclient.Options{Outer: s.hold("d", simclient.Options{})})
	waits := s.acquire("f", simclient.Options{})
	s.client.Close(s.now)
	s.links(simclient.LinkAct{Link: 1, Act: simclient.Goodbye})
	s.ended(waits, simclient.End{How: simclient.Closed})
	s.ended(inner, simclient.End{How: simclient.OuterLost})
	s.client.Ended(1, s.now, wire.CloseNormal)
	s.links(simclient.LinkAct{Link: 1, Act: simclient.Close})
	if !s.client.Closed() {
		t.Error("the client has not ended")
	}
}

// A refusal for good ends the client, and any other one does not.
func TestDial(t *testing.T) {
	s := start(t)
	s.client.DialFailed(s.link, s.now, 503)
	s.run(time.Second)
	if s.link != 2 {
		t.Fatal("the client does not connect again")
	}
	s.client.DialFailed(s.link, s.now, 401)
	if !s.client.Closed() {
		t.Error("a refusal for good does not end the client")
	}
}
