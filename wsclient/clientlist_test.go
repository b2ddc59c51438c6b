package wsclient_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A broker that does not know the message refuses it. The error says that the broker is too old, and the
// client goes on.
func TestClientsOfAnOlderBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.enter()
		a.say(hello(15 * time.Second))
		if err := <-a.dialed; err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			for _, err := range a.client.Clients(t.Context(), nil) {
				failed <- err
			}
			close(failed)
		}()
		a.expect(`{"type":"clients","id":"aaaaaaaa--0"}`)
		a.say(`{"type":"error","id":"aaaaaaaa--0","code":"bad_request","message":"type: unknown: \"clients\""}`)
		err := <-failed
		if !errors.Is(err, wsclient.ErrBadRequest) || !strings.Contains(err.Error(), "the broker is too old") {
			t.Errorf("the error is %v", err)
		}
		if _, more := <-failed; more {
			t.Error("the listing goes on after an error")
		}
		if err := a.client.Err(); err != nil {
			t.Errorf("the client has ended: %v", err)
		}
		a.close()
	})
}

// The client refuses options that every broker refuses, and does not send them.
func TestClientsRefusesOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.enter()
		a.say(hello(15 * time.Second))
		if err := <-a.dialed; err != nil {
			t.Fatal(err)
		}
		for _, o := range []wsclient.ClientsOptions{
			{Label: "[a"}, {Remote: "host7"}, {Remote: "192.0.2.1:80"}, {Requests: 1}, {Page: 1001},
			{Session: "s", Requests: 1001}, {Session: "\xff"},
		} {
			for _, err := range a.client.Clients(t.Context(), &o) {
				if !errors.Is(err, wsclient.ErrBadRequest) {
					t.Errorf("%+v: %v", o, err)
				}
			}
		}
		if sent := a.sent(); len(sent) > 0 {
			t.Errorf("the client sends %v", sent)
		}
		a.close()
	})
}
