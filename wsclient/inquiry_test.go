package wsclient_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// An inquiry is a call of Why, WhyLock or Evict in a conversation.
type inquiry struct {
	done  chan struct{} // closed when it has returned:
	chain []wire.Step
	self  *wsclient.Principal
	err   error
}

// inquire makes the client call the method that sends that message.
func (a *actor) inquire(m wire.Request) {
	id, _ := wire.RequestID(m)
	q := &inquiry{done: make(chan struct{})}
	a.inquiries[id] = q
	ctx := a.t.Context()
	go func() {
		defer close(q.done)
		switch m := m.(type) {
		case *wire.Evict:
			q.err = a.client.Evict(ctx, m.Request, m.Message)
		case *wire.WhoAmI:
			q.self, q.err = a.client.WhoAmI(ctx)
		case *wire.Why:
			if name, given := m.Lock.Get(); given {
				q.chain, q.err = a.client.WhyLock(ctx, name)
			} else {
				q.chain, q.err = a.client.Why(ctx, m.Request.Or(wire.ID{}))
			}
		}
	}()
}

// answered asserts that an inquiry has returned a chain of that length, or a refusal. A nil refusal means none.
func (a *actor) answered(id wire.ID, steps int, refusal *wire.Error, line int) {
	a.t.Helper()
	q := a.inquiries[id]
	<-q.done
	var got *wsclient.Error
	refused := errors.As(q.err, &got)
	if len(q.chain) != steps || refused != (refusal != nil) || refused && got.Code != refusal.Code {
		a.t.Errorf("line %d: the client returned %v, %v", line, q.chain, q.err)
	}
}

// heardAsOperator is heard for the answers that only operators get, and for what the broker tells everyone.
func (a *actor) heardAsOperator(reply wire.Reply, line int) {
	a.t.Helper()
	switch m := reply.(type) {
	case *wire.Evicted:
		a.answered(m.ID, 0, nil, line)
	case *wire.Chain:
		a.answered(m.ID, len(m.Chain), nil, line)
	case *wire.Permissions:
		a.answered(m.ID, 0, nil, line)
		got := a.inquiries[m.ID].self
		want := &wsclient.Principal{
			Identity: m.Identity, Groups: m.Groups, Permissions: m.Permissions, More: m.More,
			Expires: millis(m.ExpiresMS.Or(0)), Expiring: !m.ExpiresMS.IsZero(),
		}
		if !reflect.DeepEqual(got, want) {
			a.t.Errorf("line %d: WhoAmI returned %+v", line, got)
		}
	case *wire.ClientsPage:
		if got := a.clients[max(0, len(a.clients)-len(m.Clients)):]; !reflect.DeepEqual(got, m.Clients) &&
			len(m.Clients) > 0 {
			a.t.Errorf("line %d: Clients yields %+v", line, got)
		}
	case *wire.Change:
		if a.viewer != nil { // if not, it has crossed the unwatch
			a.shows(string(m.Event)+" "+m.Lock, line)
		}
	case *wire.Draining:
		if got := a.client.State(); got != wsclient.Draining {
			a.t.Errorf("line %d: the state is %v", line, got)
		}
	}
}

// shownPage asserts that the watch shows a view after the last page.
func (a *actor) shownPage(m *wire.InfoPage, line int) {
	a.t.Helper()
	if m.Next == 0 {
		a.shows("(listed)", line)
	}
}

// shows asserts that the watch shows that view next.
func (a *actor) shows(want string, line int) {
	a.t.Helper()
	if got := <-a.viewer.shown; !strings.HasPrefix(got, want+"\n") {
		a.t.Errorf("line %d: the watch shows %s, want %s", line, got, want)
	}
}

// The conversation player handles all that an operator may send, so that no file with such messages passes without
// being played.
func TestConversationOfAnOperator(t *testing.T) {
	c, err := wiretest.Parse("operator", strings.ReplaceAll(operator, "HELLO", hello(15*time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { play(t, c) })
}

const operator = `
a connects
a <- HELLO
a -> {"type":"watch","id":"aaaaaaaa--0","match":"orders/*"}
a <- {"type":"watching","id":"aaaaaaaa--0"}
a -> {"type":"info","id":"aaaaaaaa--1","match":"orders/*","queue":10000}
a <- {"type":"info","id":"aaaaaaaa--1","locks":[]}
a -> {"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":"orders/1"}],"steal":true}
a <- {"type":"change","id":"aaaaaaaa--0","event":"granted","lock":"orders/1",` +
	`"request":{"id":"aaaaaaaa--2","mode":"exclusive","token":7,"locks":["orders/1"],"duration_ms":0}}
a <- {"type":"granted","id":"aaaaaaaa--2","token":7}
a -> {"type":"why","id":"aaaaaaaa--3","request":"bbbbbbbb--0"}
a <- {"type":"why","id":"aaaaaaaa--3","chain":[{` +
	`"request":{"id":"bbbbbbbb--0","mode":"exclusive","locks":["orders/1"],"duration_ms":5},` +
	`"lock":"orders/1",` +
	`"blocker":{"id":"aaaaaaaa--2","mode":"exclusive","token":7,"locks":["orders/1"],"duration_ms":9}}]}
a -> {"type":"why","id":"aaaaaaaa--4","lock":"orders/2"}
a <- {"type":"why","id":"aaaaaaaa--4","chain":[]}
a -> {"type":"evict","id":"aaaaaaaa--5","request":"bbbbbbbb--0","message":"stuck"}
a <- {"type":"evicted","id":"aaaaaaaa--5"}
a -> {"type":"evict","id":"aaaaaaaa--6","request":"bbbbbbbb--0"}
a <- {"type":"error","id":"aaaaaaaa--6","code":"not_found","message":"no such request"}
a <- {"type":"lagged","id":"aaaaaaaa--0"}
a -> {"type":"info","id":"aaaaaaaa--7","match":"orders/*","queue":10000}
a <- {"type":"info","id":"aaaaaaaa--7","locks":[]}
a -> {"type":"unwatch","id":"aaaaaaaa--0"}
a <- {"type":"unwatched","id":"aaaaaaaa--0"}
a <- {"type":"draining","grace_ms":10000}
`
