package codec_test

import (
	"errors"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

func conversations(t testing.TB) []wiretest.Conversation {
	t.Helper()
	all, err := wiretest.Load("../../../testdata/wire")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The files hold every frame as this package encodes it, except what clients send in raw conversations.
func TestConversationsHoldTheEncodedFrames(t *testing.T) {
	for _, c := range conversations(t) {
		t.Run(c.Name, func(t *testing.T) {
			for _, step := range c.Steps {
				var m wire.Message
				var err error
				switch {
				case step.Kind == wiretest.Receive:
					m, err = codec.DecodeReply(step.Frame)
				case step.Kind == wiretest.Send && !c.Raw():
					m, err = codec.DecodeRequest(step.Frame, wire.DefaultLimits())
				default:
					continue
				}
				if err != nil {
					t.Errorf("%s:%d: %v", c.Path, step.Line, err)
					continue
				}
				if got, err := codec.Append(nil, m); err != nil || string(got) != string(step.Frame) {
					t.Errorf("%s:%d: encodes as\n%s (%v)", c.Path, step.Line, got, err)
				}
			}
		})
	}
}

// Each connection of each conversation begins with the hello of its session.
func TestConversationsBeginWithHello(t *testing.T) {
	for _, c := range conversations(t) {
		fresh := map[string]bool{}
		for _, step := range c.Steps {
			if fresh[step.Conn] {
				m, err := codec.DecodeReply(step.Frame)
				hello, ok := m.(*wire.Hello)
				session := wiretest.Session(step.Conn)
				if err != nil || !ok || hello.Session != session ||
					hello.Limits != wire.DefaultLimits() {
					const format = "%s:%d: want the hello of %s with the default limits"
					t.Errorf(format, c.Path, step.Line, session)
				}
			}
			fresh[step.Conn] = step.Kind == wiretest.Connect
		}
	}
}

// In a raw conversation, the reply to a frame that the decoder refuses has the decoder's message.
func TestConversationsShowRefusals(t *testing.T) {
	refused := 0
	for _, c := range conversations(t) {
		for i, step := range c.Steps {
			if step.Kind != wiretest.Send {
				continue
			}
			_, err := codec.DecodeRequest(step.Frame, wire.DefaultLimits())
			if err == nil {
				continue
			}
			refused++
			got, err := codec.Append(nil, refusal(t, err))
			if err != nil {
				t.Fatal(err)
			}
			if i+1 == len(c.Steps) || c.Steps[i+1].Conn != step.Conn ||
				string(c.Steps[i+1].Frame) != string(got) {
				t.Errorf("%s:%d: want the answer\n%s", c.Path, step.Line, got)
			}
		}
	}
	if refused == 0 {
		t.Error("no conversation has a frame that is refused")
	}
}

// refusal returns the reply to a frame that DecodeRequest refused with err.
func refusal(t testing.TB, err error) *wire.Error {
	t.Helper()
	var syntax *codec.SyntaxError
	if errors.As(err, &syntax) {
		return &wire.Error{Code: wire.BadRequest, Message: syntax.Reason}
	}
	var reply *wire.Error
	if !errors.As(err, &reply) || reply.Code != wire.BadRequest {
		t.Fatalf("%T %v: want a *SyntaxError, or an *Error with bad_request", err, err)
	}
	return reply
}
