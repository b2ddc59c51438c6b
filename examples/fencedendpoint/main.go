// Command fencedendpoint protects a document behind HTTP with fencing tokens. The document remembers the greatest
// token it was written with, and refuses a write with a smaller one.
//
//	go run ./examples/fencedendpoint
//	go run ./examples/fencedendpoint --no-token
//
// Ann holds the lock for too long, and the broker grants it to Bob. Ann writes nevertheless, like a program that was
// frozen and has not noticed yet that its lock is lost.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/signal"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/examples/internal/document"
	"github.com/lockbroker/lockbroker/examples/internal/embedded"
	"github.com/lockbroker/lockbroker/wsclient"
)

func main() {
	noToken := flag.Bool("no-token", false, "send no token, to see what is lost")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := tell(ctx, !*noToken); err != nil {
		fmt.Fprintln(os.Stderr, "fencedendpoint:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and so does the handling of signals
	}
}

// tell lets Ann hold the lock for too long, lets Bob write, and then lets Ann write.
func tell(ctx context.Context, fenced bool) error {
	url, stop, err := embedded.Start(broker.Config{})
	if err != nil {
		return err
	}
	defer stop()
	server := httptest.NewServer(new(document.Document))
	defer server.Close()

	ann, err := newWriter(ctx, "ann", url, server.URL)
	if err != nil {
		return err
	}
	defer ann.locks.Close()
	bob, err := newWriter(ctx, "bob", url, server.URL)
	if err != nil {
		return err
	}
	defer bob.locks.Close()

	late, err := ann.locks.Acquire(ctx, "document", &wsclient.AcquireOptions{Hold: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	fmt.Println("ann has the lock, and does not release it in time")
	err = bob.locks.WithLock(ctx, "document", nil, func(ctx context.Context) error {
		fmt.Println("bob has the lock")
		lock, _ := wsclient.LockFrom(ctx)
		return bob.write(ctx, "Bob was here", tokenIf(fenced, lock))
	})
	if err != nil {
		return err
	}
	if err := ann.write(ctx, "Ann was here", tokenIf(fenced, late)); err != nil {
		return err
	}
	text, err := read(ctx, server.URL)
	if err != nil {
		return err
	}
	verdict := "right"
	if text != "Bob was here" {
		verdict = "wrong"
	}
	fmt.Printf("%s: the document says %q\n", verdict, text)
	return nil
}

// tokenIf returns the token of the lock, or 0 if the story is told without tokens.
func tokenIf(fenced bool, lock *wsclient.Lock) int64 {
	if !fenced {
		return 0
	}
	return lock.Token()
}
