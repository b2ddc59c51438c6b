package wsclient_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// TestConversations plays the broker of every golden conversation to Go clients. They must send what the files say,
// and report to their callers what the broker's frames mean. Conversations whose names begin with raw- are for
// brokers only: no library sends such messages.
func TestConversations(t *testing.T) {
	conversations, err := wiretest.Load("../testdata/wire")
	if err != nil {
		t.Fatal(err)
	}
	guarded, err := wiretest.Load("../testdata/wire/credentials")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, c := range append(conversations, guarded...) {
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
			actors[step.Conn] = s.enter(tokensOf(c, step.Conn)...)
			actors[step.Conn].whole = c.Name == "info-whole"
			actors[step.Conn].quietly = c.QuietReleases()
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
		case wiretest.Closed:
			a.closed(step)
		case wiretest.Grace, wiretest.Owner,
			wiretest.Trust, wiretest.Permit, wiretest.Withdraw, wiretest.Revoke:
			// the broker's frames show it
		case wiretest.Pass:
			time.Sleep(step.Wait) //nolint:forbidigo // virtual time
			synctest.Wait()
		default:
			t.Fatalf("line %d: cannot play %v", step.Line, step.Kind)
		}
	}
	for name, a := range actors {
		if more := a.sent(); len(more) > 0 {
			t.Errorf("%s sends more than the conversation says: %v", name, more)
		}
		a.close()
	}
}

// giveUpFirst ends the context of a waiting call just before its grant arrives, if the conversation goes on with a
// cancel. That is when a client cancels a request that holds, except when its Hold has passed.
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

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
