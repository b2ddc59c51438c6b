package wsclient_test

import (
	"context"
	"log"
	"net/http/httptest"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient"
)

// An exampleBroker is a broker for one example, on a free port of this machine. A real program uses a brokerd instead.
type exampleBroker struct {
	URL     string
	server  *httptest.Server
	clients []*wsclient.Client
	stop    context.CancelFunc
	stopped chan error
}

func startBroker() *exampleBroker {
	b, err := broker.New(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &exampleBroker{server: httptest.NewServer(b.Handler()), stop: stop, stopped: make(chan error, 1)}
	e.URL = e.server.URL
	go func() { e.stopped <- b.Run(ctx) }()
	return e
}

// Dial returns a new client, which exampleBroker.Close closes.
func (e *exampleBroker) Dial() *wsclient.Client { return e.DialWith(nil) }

// DialWith is Dial with options.
func (e *exampleBroker) DialWith(options *wsclient.Options) *wsclient.Client {
	client, err := wsclient.Dial(context.Background(), e.URL, options)
	if err != nil {
		log.Fatal(err)
	}
	e.clients = append(e.clients, client)
	return client
}

// Close closes the clients and then stops the broker.
func (e *exampleBroker) Close() {
	for _, client := range e.clients {
		_ = client.Close()
	}
	e.stop()
	if err := <-e.stopped; err != nil {
		log.Fatal(err)
	}
	e.server.Close()
}
