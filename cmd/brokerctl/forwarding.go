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

// forwardedSignals are the signals that "run" forwards to its command.
var forwardedSignals = append(slices.Clone(endSignals), syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)

// notifyForwarded returns a channel of the forwardedSignals. Signals that were ignored at the start, as under nohup,
// stay ignored in this process and in the command. Broken pipes do not end this process, because the guard of a
// command must live until the command has ended.
func notifyForwarded() chan os.Signal {
	ignoreBrokenPipes()
	signals := make(chan os.Signal, 16)
	for _, s := range forwardedSignals {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals
}

// untilEndSignal returns a context that ends with the first of the endSignals. It discards other signals, because
// there is no command to forward them to. The caller must call stop, which returns a failure if a signal has ended
// the context.
func untilEndSignal(signals <-chan os.Signal) (ctx context.Context, stop func() error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := make(chan struct{})
	var interrupted error // A signal that arrives while stop runs sets it, too.
	go func() {
		defer close(stopped)
		for ctx.Err() == nil {
			select {
			case s := <-signals:
				if slices.Contains(endSignals, s) {
					n := s.(syscall.Signal)
					interrupted = &cli.Failure{
						Err:  fmt.Errorf("interrupted: %v", n),
						Code: exitSignal + int(n),
					}
					cancel(interrupted)
				}
			case <-ctx.Done():
			}
		}
	}()
	return ctx, func() error {
		cancel(nil)
		<-stopped
		return interrupted
	}
}
