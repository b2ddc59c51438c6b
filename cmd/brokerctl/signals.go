//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// passed are the signals that are passed on to a command.
var passed = append(slices.Clone(ending), syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)

// notify returns a channel of the signals that are passed on. Those that this process was
// told to ignore, as by nohup, stay ignored, for the command too. And nobody dies of a
// message that there is nobody to read: whoever guards a command has to end it.
func notify() chan os.Signal {
	surviveBrokenPipes()
	signals := make(chan os.Signal, 16)
	for _, s := range passed {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals
}

// untilSignal returns a context that ends when a signal comes that ends a command.
// The others mean nothing while there is none. The function that it returns stops
// looking, and says which has come, as a failure.
func untilSignal(signals <-chan os.Signal) (context.Context, func() error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	looked := make(chan struct{})
	var come error // also in the moment in which nobody looks any more
	go func() {
		defer close(looked)
		for ctx.Err() == nil {
			select {
			case s := <-signals:
				if slices.Contains(ending, s) {
					n := s.(syscall.Signal)
					come = &cli.Failure{Err: fmt.Errorf("given up: %v", n), Code: exitSignal + int(n)}
					cancel(come)
				}
			case <-ctx.Done():
			}
		}
	}()
	return ctx, func() error {
		cancel(nil)
		<-looked
		return come
	}
}
