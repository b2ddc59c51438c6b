package main

import (
	"context"
	"testing"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/listen"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/turns"
	"github.com/lockbroker/lockbroker/wsclient"
)

// TestSessionsTakeNoTurns checks that a connection waits for turns until it is a session, and not later.
func TestSessionsTakeNoTurns(t *testing.T) {
	b, err := broker.New(broker.Config{Drain: broker.None})
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := listen.TCP("127.0.0.1", 0).Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	handshakes := turns.New()
	r := newReloader(&flags{}, nil, zerolog.Nop(), b, &settings{}, nil)
	if err := guard(sockets, nil, handshakes, r); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- serve(ctx, b, []front{{guardedServer(b, r), sockets}}, nil) }()
	client, err := wsclient.Dial(t.Context(), "ws://"+sockets[0].Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := handshakes.Taken()
	for range 100 {
		if _, err := client.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := handshakes.Taken(); before == 0 || after != before {
		t.Errorf("%d turns were taken for the upgrade, and %d for pings", before, after-before)
	}
	client.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
