package broker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A program can serve a broker alongside its own pages.
func ExampleNew() {
	b, err := broker.New(broker.Config{}) // the zero Config works
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/about", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "a page of this program")
	})
	mux.Handle("/", b.Handler()) // /ws, /livez, /readyz and /client.js

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := b.Server() // an http.Server with timeouts
	server.Handler = mux
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- b.Run(ctx) }()

	client, err := wsclient.Dial(ctx, "ws://"+listener.Addr().String(), nil)
	if err != nil {
		fmt.Println(err)
	} else {
		err = client.WithLock(ctx, "orders/42", nil, func(context.Context) error {
			fmt.Println("locked")
			return nil
		})
		fmt.Println(err)
		client.Close()
	}

	stop()             // first the broker: it lets holders finish, and closes its connections
	fmt.Println(<-ran) // nil: it ended cleanly
	_ = server.Close() // then the server
	fmt.Println(errors.Is(<-served, http.ErrServerClosed))
	// Output:
	// locked
	// <nil>
	// <nil>
	// true
}
