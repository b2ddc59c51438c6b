// Command slog logs what the client does, with log/slog.
//
//	go run ./examples/slog
//
// It runs its own broker. It leaves out what differs from run to run: times, and the ids of requests.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/examples/internal/embedded"
	"github.com/lockbroker/lockbroker/wsclient"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "slog:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	handler := &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: steady}
	log := slog.New(slog.NewTextHandler(os.Stdout, handler))
	url, stop, err := embedded.Start(broker.Config{})
	if err != nil {
		return err
	}
	defer stop()
	client, err := wsclient.Dial(ctx, url, &wsclient.Options{
		Author:  "billing",
		Observe: &observer{log: log, slow: 10 * time.Second},
		Trace:   connections(log),
	})
	if err != nil {
		return err
	}
	defer client.Close()

	err = client.WithLock(ctx, "orders/42", nil, func(ctx context.Context) error {
		refund := &wsclient.AcquireOptions{Author: "refund"}
		_, err := client.TryAcquire(wsclient.Detach(ctx), "orders/42", refund)
		if !errors.Is(err, wsclient.ErrUnavailable) {
			return fmt.Errorf("want that the lock is held: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// This lock is held for too long, so it is lost.
	late := &wsclient.AcquireOptions{Hold: 50 * time.Millisecond}
	err = client.WithLock(ctx, "reports", late, func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
	if !errors.Is(err, wsclient.ErrLost) {
		return fmt.Errorf("want a loss: %w", err)
	}
	return client.Close() // returns when everything is logged
}

// steady removes what differs from run to run.
func steady(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey, "id", "token", "held", "waited":
		return slog.Attr{}
	case "err": // the first words are enough here
		text, _, _ := strings.Cut(a.Value.String(), " (")
		return slog.String(a.Key, text)
	}
	return a
}
