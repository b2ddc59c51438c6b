// Command browser serves a text that people edit in turns, each in a browser tab on any machine. The holder of the
// lock can write. The others see who holds the lock, and who waits for it.
//
//	go run ./examples/browser
//
// Open the printed address in two tabs. The page is page.html. The program contains its own broker,
// which also serves the JavaScript client. The text is read and written over HTTP. Each write shows
// its fencing token, so the server refuses a stale holder: a tab that was frozen and has lost the
// lock.
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
	timeout := flag.Duration("timeout", 15*time.Second, "session timeout, after which a silent tab loses its lock")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *address, broker.Config{Timeout: *timeout}); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and its signal handlers with it
	}
}

// serve serves the page, the text, the broker and the JavaScript client until ctx ends.
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
