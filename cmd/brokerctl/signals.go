package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// endSignals are the signals that end a command.
var endSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// signalContext returns a context that ends with the first of the endSignals. The second one ends the process at
// once, as by default. HUP and INT stay ignored if they were ignored at the start, as under nohup. Go does not report
// whether other signals were ignored.
func signalContext() (context.Context, context.CancelFunc) {
	heeded := slices.DeleteFunc(slices.Clone(endSignals), signal.Ignored)
	if len(heeded) == 0 { // NotifyContext without signals means all signals.
		return context.WithCancel(context.Background())
	}
	ctx, stop := signal.NotifyContext(context.Background(), heeded...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// ignoreBrokenPipes keeps SIGPIPE from ending this process. A holder must not lose its locks, nor a waiter its
// place in the queue, because the reader of its messages has ended.
func ignoreBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
