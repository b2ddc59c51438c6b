package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/lockbroker/lockbroker/broker"
)

// brokerAt is a broker as a process of its own, at that address. It says so.
func brokerAt() {
	b, err := broker.New(broker.Config{})
	must(err)
	listener, err := net.Listen("tcp", os.Args[1])
	must(err)
	fmt.Println(listener.Addr())
	go func() { must(b.Run(context.Background())) }()
	must(http.Serve(listener, b.Handler()))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
