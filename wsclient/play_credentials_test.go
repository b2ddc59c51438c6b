package wsclient_test

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// tokensOf returns the tokens that the client of conn presents: the first when it connects, and then those of each
// auth. It returns nil if there is no auth.
func tokensOf(c wiretest.Conversation, conn string) []string {
	var tokens []string
	for _, step := range c.Steps {
		if step.Kind != wiretest.Send || step.Conn != conn {
			continue
		}
		m, _ := codec.DecodeRequest(step.Frame, wire.DefaultLimits())
		if auth, ok := m.(*wire.Auth); ok {
			tokens = append(tokens, auth.Token)
		}
	}
	if tokens == nil {
		return nil
	}
	return append([]string{conn}, tokens...)
}

// tokenSource is an Options.Token that returns the tokens, one after another. It is nil if there are none.
func tokenSource(tokens []string) func(context.Context) (string, error) {
	if tokens == nil {
		return nil
	}
	return func(context.Context) (string, error) {
		if len(tokens) == 0 {
			return "", errors.New("no more tokens")
		}
		token := tokens[0]
		tokens = tokens[1:]
		return token, nil
	}
}

// renewalFailed notes the first renewal that has failed.
func (a *actor) renewalFailed(err error, _ time.Duration) {
	if a.renewal.err == nil {
		a.renewal.err = err
		close(a.renewal.done)
	}
}

// closed closes the connection for the broker. The client must lose the locks that it holds.
func (a *actor) closed(step wiretest.Step) {
	message := websocket.FormatCloseMessage(step.Code, step.Reason)
	if err := a.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second)); err != nil {
		a.t.Fatalf("line %d: %v", step.Line, err)
	}
	<-a.client.Done()
	for _, try := range a.acquires {
		lost := new(wsclient.LostError)
		if try.lock != nil && !errors.As(context.Cause(try.lock.Context()), &lost) {
			a.t.Errorf("line %d: the lock's context: %v", step.Line, context.Cause(try.lock.Context()))
		}
	}
}
