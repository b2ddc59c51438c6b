package wsclient_test

import (
	"context"
	"errors"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// heard asserts that the caller has received what the broker's frame means.
func (a *actor) heard(reply wire.Reply, line int) {
	a.t.Helper()
	switch m := reply.(type) {
	case *wire.Hello:
		if err := <-a.dialed; err != nil || a.client.Session() != m.Session {
			a.t.Fatalf("line %d: dial: %v", line, err)
		}
		if url, term := a.client.Owner(); url != m.Owner || term != m.Term {
			a.t.Errorf("line %d: the owner is %s of term %d", line, url, term)
		}
		a.timeout = millis(m.TimeoutMS)
		wsclient.AskNobody(a.client)
	case *wire.Granted:
		a.heardGranted(m, line)
	case *wire.Released:
		if err := <-a.acquires[m.ID].released; err != nil {
			a.t.Errorf("line %d: Release returned %v", line, err)
		}
	case *wire.Cancelled:
		a.heardCancelled(m, line)
	case *wire.Lost:
		cause := context.Cause(a.acquires[m.ID].lock.Context())
		var lost *wsclient.LostError
		if !errors.As(cause, &lost) || string(lost.Reason) != string(m.Reason) {
			a.t.Errorf("line %d: the lock's context: %v", line, cause)
		}
	case *wire.Error:
		a.heardError(m, line)
	case *wire.InfoPage:
		a.heardPage(m, line)
	default:
		a.heardAsOperator(reply, line)
	}
}

func (a *actor) heardGranted(m *wire.Granted, line int) {
	a.t.Helper()
	try := a.acquires[m.ID]
	<-try.done
	if try.err != nil || try.lock.Token() != m.Token || try.lock.Context().Err() != nil {
		a.t.Errorf("line %d: Acquire returned %v", line, try.err)
	}
}

func (a *actor) heardCancelled(m *wire.Cancelled, line int) {
	a.t.Helper()
	try := a.acquires[m.ID]
	<-try.done
	if try.hold > 0 {
		expectLost(a.t, context.Cause(try.lock.Context()), wsclient.LostExpired)
	} else if !errors.Is(try.err, context.Canceled) {
		a.t.Errorf("line %d: Acquire returned %v", line, try.err)
	}
}

// heardError asserts that an inquiry or an acquire has failed with the error m.
func (a *actor) heardError(m *wire.Error, line int) {
	a.t.Helper()
	if a.inquiries[m.ID] != nil {
		a.answered(m.ID, 0, m, line)
		return
	}
	try := a.acquires[m.ID]
	<-try.done
	var got *wsclient.Error
	if !errors.As(try.err, &got) {
		a.t.Errorf("line %d: Acquire returned %v", line, try.err)
		return
	}
	isSame := got.Code == m.Code && got.By == m.By && got.Ahead == m.Ahead.Or(0)
	if !isSame || len(got.Holders) != len(m.Holders) || len(got.Cycle) != len(m.Cycle) {
		a.t.Errorf("line %d: Acquire returned %v", line, try.err)
	}
}

// heardPage asserts that a listing or a watch has received the locks of a page.
func (a *actor) heardPage(m *wire.InfoPage, line int) {
	a.t.Helper()
	if a.viewer != nil {
		a.shownPage(m, line)
		return
	}
	got := a.info[max(0, len(a.info)-len(m.Locks)):]
	if len(got) < len(m.Locks) {
		a.t.Errorf("line %d: Info yields %v", line, got)
		return
	}
	for i, want := range m.Locks {
		got := got[i]
		if got.Name != want.Name || got.Waiting != want.Waiting || len(got.Waiters) != len(want.Waiters) {
			a.t.Errorf("line %d: Info yields %v", line, got)
		}
	}
}
