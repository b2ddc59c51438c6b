package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// TestConversations plays the broker of every golden conversation to Go
// clients: they must send what the files say, and tell their callers what the
// broker's frames mean. The raw- ones are for brokers alone: no library sends
// what they send.
func TestConversations(t *testing.T) {
	conversations, err := wiretest.Load("../testdata/wire")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, c := range conversations {
		if c.Raw() {
			continue
		}
		played++
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { play(t, c) })
		})
	}
	if played == 0 {
		t.Error("every conversation is raw")
	}
}

func play(t *testing.T, c wiretest.Conversation) {
	s := newStage(t)
	actors := map[string]*actor{}
	for i, step := range c.Steps {
		a := actors[step.Conn]
		switch step.Kind {
		case wiretest.Connect:
			actors[step.Conn] = s.enter()
			actors[step.Conn].whole = c.Name == "info-whole"
		case wiretest.Send:
			m, err := codec.DecodeRequest(step.Frame, wire.DefaultLimits())
			if err != nil {
				t.Fatalf("line %d: %v", step.Line, err)
			}
			a.do(m)
			a.expect(string(step.Frame))
		case wiretest.Receive:
			reply, err := codec.DecodeReply(step.Frame)
			if err != nil {
				t.Fatalf("line %d: %v", step.Line, err)
			}
			gaveUp := a.giveUpFirst(reply, c.Steps[i:])
			a.say(string(step.Frame))
			if !gaveUp {
				a.heard(reply, step.Line)
			}
		case wiretest.Close:
			go func() { _ = a.client.Close() }()
			<-a.client.Done()
		case wiretest.Vanish:
			_ = a.net.Close()
			<-a.client.Done()
		case wiretest.Grace: // of which the hello tells
		case wiretest.Pass:
			time.Sleep(step.Wait) //nolint:forbidigo // virtual time
			synctest.Wait()
		default:
			t.Fatalf("line %d: no way to play %v", step.Line, step.Kind)
		}
	}
	for name, a := range actors {
		if more := a.sent(); len(more) > 0 {
			t.Errorf("%s sends more than the conversation says: %v", name, more)
		}
		a.leave()
	}
}

// giveUpFirst ends the context of a waiting call just before its grant arrives,
// where the conversation goes on with a cancel: that is when a client sends one
// for a request that it holds, except where Hold has passed.
func (a *actor) giveUpFirst(reply wire.Reply, rest []wiretest.Step) bool {
	granted, ok := reply.(*wire.Granted)
	if !ok || a.acquires[granted.ID].hold > 0 {
		return false
	}
	for _, step := range rest {
		if step.Kind != wiretest.Send {
			continue
		}
		m, _ := codec.DecodeRequest(step.Frame, wire.DefaultLimits())
		if cancel, ok := m.(*wire.Cancel); ok && cancel.ID == granted.ID {
			a.acquires[granted.ID].cancel()
			return true
		}
	}
	return false
}

// heard asserts that the caller has been told what the broker's frame says.
func (a *actor) heard(reply wire.Reply, line int) {
	a.t.Helper()
	switch m := reply.(type) {
	case *wire.Hello:
		if err := <-a.dialed; err != nil || a.client.Session() != m.Session {
			a.t.Fatalf("line %d: dial: %v", line, err)
		}
		a.timeout = millis(m.TimeoutMS)
	case *wire.Granted:
		try := a.acquires[m.ID]
		<-try.done
		if try.err != nil || try.lock.Token() != m.Token || try.lock.Context().Err() != nil {
			a.t.Errorf("line %d: Acquire returned %v", line, try.err)
		}
	case *wire.Released:
		if err := <-a.acquires[m.ID].released; err != nil {
			a.t.Errorf("line %d: Release returned %v", line, err)
		}
	case *wire.Cancelled:
		try := a.acquires[m.ID]
		<-try.done
		if try.hold > 0 {
			expectLost(a.t, context.Cause(try.lock.Context()), wsclient.LostExpired)
		} else if !errors.Is(try.err, context.Canceled) {
			a.t.Errorf("line %d: Acquire returned %v", line, try.err)
		}
	case *wire.Lost:
		cause := context.Cause(a.acquires[m.ID].lock.Context())
		var lost *wsclient.LostError
		if !errors.As(cause, &lost) || string(lost.Reason) != string(m.Reason) {
			a.t.Errorf("line %d: the lock's context: %v", line, cause)
		}
	case *wire.Error:
		if a.inquiries[m.ID] != nil {
			a.answered(m.ID, 0, m, line)
			return
		}
		try := a.acquires[m.ID]
		<-try.done
		var refusal *wsclient.Error
		if !errors.As(try.err, &refusal) || refusal.Code != m.Code || refusal.By != m.By ||
			len(refusal.Holders) != len(m.Holders) || refusal.Ahead != m.Ahead.Or(0) || len(refusal.Cycle) != len(m.Cycle) {
			a.t.Errorf("line %d: Acquire returned %v", line, try.err)
		}
	case *wire.InfoPage:
		if a.viewer != nil {
			a.shownPage(m, line)
			return
		}
		got := a.info[max(0, len(a.info)-len(m.Locks)):]
		for i, lock := range m.Locks {
			if i >= len(got) || got[i].Name != lock.Name || got[i].Waiting != lock.Waiting || len(got[i].Waiters) != len(lock.Waiters) {
				a.t.Errorf("line %d: Info yields %v", line, got)
			}
		}
	default:
		a.heardAsOperator(reply, line)
	}
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
