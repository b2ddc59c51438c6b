// Command browser is a text that people edit by turns, each in a tab of a browser on
// any machine: whoever has the lock can write, the others see who that is and who
// waits.
//
//	go run ./examples/browser
//
// Open the page that it names in two tabs. It brings its broker along, which serves
// the JavaScript client, too; the page is page.html. The text is kept behind HTTP, and
// refuses who comes too late: a tab that was frozen while it had the lock.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/examples/internal/document"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

//go:embed page.html
var page []byte

func main() {
	address := flag.String("address", "127.0.0.1:8080", "where to listen")
	timeout := flag.Duration("timeout", 15*time.Second, "how long a tab may be silent before its lock goes to others")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *address, broker.Config{Timeout: *timeout}); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1) //nolint:gocritic // the signals go with the process
	}
}

// serve serves the page, the text, the broker and its client until ctx ends.
func serve(ctx context.Context, address string, config broker.Config) error {
	config.ClientFiles = js.Served()
	b, err := broker.New(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", b.Handler())
	mux.Handle("/document", new(document.Document))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	var running sync.WaitGroup
	running.Go(func() {
		_ = b.Run(ctx)
		_ = server.Close()
	})
	fmt.Printf("http://%s/\n", listener.Addr())
	err = server.Serve(listener)
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
