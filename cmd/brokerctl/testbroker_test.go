package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// testBroker is a broker in its own process: testbroker ADDRESS [TIMEOUT]. It prints its address.
func testBroker() {
	var config broker.Config
	if len(os.Args) > 2 {
		var err error
		config.Timeout, err = time.ParseDuration(os.Args[2])
		must(err)
	}
	b, err := broker.New(config)
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
