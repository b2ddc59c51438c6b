package simclient

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// TestConversations plays the broker of the golden conversations to clients. They must send what the files say. It
// leaves out listings and watches, which a simulated client does not have.
func TestConversations(t *testing.T) {
	conversations, err := wiretest.Load("../../testdata/wire")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, c := range conversations {
		if c.Raw() || asks(c) {
			continue
		}
		played++
		t.Run(c.Name, func(t *testing.T) { play(t, c) })
	}
	if played < 15 {
		t.Errorf("played %d conversations", played)
	}
}

// asks reports whether a client of c asks for a listing or a watch.
func asks(c wiretest.Conversation) bool {
	return slices.ContainsFunc(c.Steps, func(s wiretest.Step) bool {
		if s.Kind != wiretest.Send {
			return false
		}
		m, _ := codec.DecodeRequest(s.Frame, wire.DefaultLimits())
		switch m.(type) {
		case *wire.Info, *wire.Why, *wire.Clients, *wire.Watch, *wire.Unwatch:
			return true
		}
		return false
	})
}

// An actor is a client in a conversation.
type actor struct {
	client   *Client
	requests map[wire.ID]Request
	sent     []wire.Request // and not expected yet
	timeout  time.Duration
	quietly  map[wire.ID]bool // the requests that it will release quietly
}

func play(t *testing.T, c wiretest.Conversation) {
	var now Instant
	actors := map[string]*actor{}
	for i, step := range c.Steps {
		a := actors[step.Conn]
		switch step.Kind {
		case wiretest.Connect:
			a = &actor{client: New(Config{NoReconnect: true}, func() float64 { return 0 }),
				requests: map[wire.ID]Request{}, quietly: c.QuietReleases()}
			actors[step.Conn] = a
			a.client.Start(now)
		case wiretest.Send:
			a.send(t, now, step)
		case wiretest.Receive:
			a.receive(t, now, step, c.Steps[i+1:])
		case wiretest.Close:
			link := a.client.Link()
			a.client.Close(now)
			if got := a.client.Output().Links; !slices.Equal(got, []LinkAct{{link, Goodbye}}) {
				t.Errorf("line %d: on close the client does %v", step.Line, got)
			}
		case wiretest.Vanish:
			a.client.Ended(a.client.Link(), now, 0)
		case wiretest.Pass:
			passed(now, step.Wait, actors)
			now = later(now, step.Wait)
		}
	}
	for name, a := range actors {
		if len(a.sent) > 0 {
			t.Errorf("%s sends more than the conversation says: %v", name, a.sent)
		}
	}
}

func later(at Instant, d time.Duration) Instant {
	at.Mono += d
	at.Wall += d
	return at
}

// passed ticks the clients at their deadlines, until that time has passed.
func passed(now Instant, wait time.Duration, actors map[string]*actor) {
	end := now.Mono + wait
	for _, name := range []string{"a", "b", "c"} {
		for a := actors[name]; a != nil; {
			due, ok := a.client.Deadline()
			if !ok || due > end {
				break
			}
			a.client.Tick(later(now, due-now.Mono))
			a.collect()
		}
	}
}

func (a *actor) collect() { a.sent = append(a.sent, a.client.Output().Send...) }

// send makes the client send a message, unless it has sent it by itself.
func (a *actor) send(t *testing.T, now Instant, step wiretest.Step) {
	m, err := codec.DecodeRequest(step.Frame, wire.DefaultLimits())
	if err != nil {
		t.Fatalf("line %d: %v", step.Line, err)
	}
	if len(a.sent) == 0 {
		a.do(now, m)
		a.collect()
	}
	if len(a.sent) == 0 {
		t.Fatalf("line %d: the client sends nothing", step.Line)
	}
	got, err := codec.Append(nil, a.sent[0])
	if err != nil || !sameJSON(got, step.Frame) {
		t.Fatalf("line %d: the client sends\n     %s\nwant %s", step.Line, got, step.Frame)
	}
	a.sent = a.sent[1:]
}

func (a *actor) do(now Instant, m wire.Request) {
	switch m := m.(type) {
	case *wire.Acquire:
		o := Options{Locks: m.Locks, Steal: m.Steal, Author: m.Author, Async: a.quietly[m.ID]}
		wait, given := m.WaitMS.Get()
		o.Wait, o.Once = time.Duration(wait)*time.Millisecond, given && wait == 0
		if hold, given := m.HoldMS.Get(); given { // the inverse of the backstop
			o.Hold = time.Duration(hold)*time.Millisecond*10/11 - a.timeout*2/3
		}
		if o.Outer = a.requests[m.Parent]; o.Outer == 0 {
			o.Parent = m.Parent
		}
		a.requests[m.ID] = a.client.Acquire(now, o)
	case *wire.Release:
		a.client.Release(now, a.requests[m.ID])
	case *wire.Cancel:
		a.client.Settle(now, a.requests[m.ID], true)
	case *wire.Evict:
		a.client.Evict(now, m.Request, m.Message)
	case *wire.Ping:
		due, _ := a.client.Deadline()
		a.client.Tick(later(now, due-now.Mono))
	}
}

// receive gives the client a frame of the broker. The caller of a request that is granted has its locks, unless the
// conversation goes on with a cancel.
func (a *actor) receive(t *testing.T, now Instant, step wiretest.Step, rest []wiretest.Step) {
	reply, err := codec.DecodeReply(step.Frame)
	if err != nil {
		t.Fatalf("line %d: %v", step.Line, err)
	}
	if hello, ok := reply.(*wire.Hello); ok {
		a.timeout = time.Duration(hello.TimeoutMS) * time.Millisecond
		a.client.Connected(a.client.Output().Dial, now, now, hello)
		return
	}
	a.client.Receive(a.client.Link(), now, reply)
	a.collect()
	for _, r := range slices.Clone(a.client.Output().Woken) {
		s := a.client.Status(r)
		if s.State != Granted || isCancelled(s.ID, rest) {
			continue
		}
		if s := a.client.Settle(now, r, false); s.State != Holding || !a.client.Valid(now, r) {
			t.Errorf("line %d: the caller does not have its locks: %+v", step.Line, s)
		}
	}
}

// isCancelled reports whether the client cancels the request in the rest of the conversation.
func isCancelled(id wire.ID, rest []wiretest.Step) bool {
	return slices.ContainsFunc(rest, func(s wiretest.Step) bool {
		if s.Kind != wiretest.Send {
			return false
		}
		m, _ := codec.DecodeRequest(s.Frame, wire.DefaultLimits())
		cancel, ok := m.(*wire.Cancel)
		return ok && cancel.ID == id
	})
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
