package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// endSignals are the signals that end a command.
var endSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// signalContext returns a context that ends with the first of the endSignals. After cli.SameSignal these get their
// default action back, so that a second one ends the process at once. HUP and INT stay ignored if they were ignored at
// the start, as under nohup. Go does not report whether other signals were ignored.
func signalContext() (context.Context, context.CancelFunc) { return signalContextFor(nil) }

// signalContextFor is like signalContext, for a command that may take a while to end. If the first signal is INT and
// terminal is one, it writes there what a second Ctrl-C does.
func signalContextFor(terminal *os.File) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	heeded := slices.DeleteFunc(slices.Clone(endSignals), signal.Ignored)
	if len(heeded) == 0 { // Notify without signals means all signals.
		return ctx, cancel
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, heeded...)
	go func() {
		defer signal.Stop(signals)
		awaitEndSignal(ctx, signals, func(first os.Signal) {
			if first == syscall.SIGINT && screen.Terminal(terminal) != nil {
				explainCtrlC(terminal)
			}
			cancel()
		})
	}()
	return ctx, cancel
}

// awaitEndSignal calls end with the first signal. It returns cli.SameSignal later, and drops the signals that come
// meanwhile. If ctx ends before the first signal, it returns at once.
func awaitEndSignal(ctx context.Context, signals <-chan os.Signal, end func(first os.Signal)) {
	select {
	case s := <-signals:
		end(s)
	case <-ctx.Done():
		return
	}
	for over := time.After(cli.SameSignal); ; {
		select {
		case <-signals:
		case <-over:
			return
		}
	}
}

// explainCtrlC says what a second Ctrl-C does. It does not wait for long, because the terminal can be paused.
func explainCtrlC(terminal *os.File) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		const text = "\r\x1b[Kbrokerctl: ending; after %v, another Ctrl-C ends it at once\n"
		_, _ = fmt.Fprintf(terminal, text, cli.SameSignal)
	}()
	select {
	case <-written:
	case <-time.After(100 * time.Millisecond):
	}
}

// ignoreBrokenPipes keeps SIGPIPE from ending this process. A holder must not lose its locks, nor a waiter its
// place in the queue, because the reader of its messages has ended.
func ignoreBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
