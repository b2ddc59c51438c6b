package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// The help of brokerd documents the signals. SIGQUIT and SIGABRT keep the default action of Go: they print the stacks
// of all goroutines and exit with 2. That is a crash, but it is useful for a process that hangs. SIGTSTP and SIGCONT
// stop and continue the process, as usual.

// sameSignal is the time after the first signal during which further signals count as the same request.
const sameSignal = cli.SameSignal

// signalContext returns a context that ends with the first SIGINT or SIGTERM, or with its parent. After sameSignal
// these signals get their default action back, so that a second one ends the process. Both count even if they were
// ignored at the start, as for a background command of a script.
func signalContext(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		awaitFirst(signals, cancel)
		signal.Stop(signals)
		if len(signals) > 0 {
			os.Exit(cli.ExitFailure) // The second signal has already come.
		}
	}()
	return ctx
}

// awaitFirst calls stop at the first signal, and returns sameSignal later.
func awaitFirst(signals <-chan os.Signal, stop func()) {
	<-signals
	stop()
	for later := time.After(sameSignal); ; {
		select {
		case <-signals:
		case <-later:
			return
		}
	}
}

// handleSignals returns a channel that gets each SIGHUP, if that reloads files. It ignores the signals that would
// end or stop the process for no good reason, and logs those that people send on purpose. SIGHUP also comes when
// a terminal is closed, so it must not end the broker.
func handleSignals(log zerolog.Logger, reloads bool) (hangups <-chan os.Signal) {
	// By default, Go ends a process when stderr has no reader. systemd treats an exit by SIGPIPE as clean, and
	// would not restart the broker.
	signal.Ignore(logSignals...)
	unused := append([]os.Signal(nil), unusedSignals...)
	if reloads {
		// One place is enough: a reload that starts later sees what the files contain by then.
		reload := make(chan os.Signal, 1)
		signal.Notify(reload, syscall.SIGHUP)
		hangups = reload
	} else {
		unused = append(unused, syscall.SIGHUP)
	}
	if len(unused) > 0 { // for none, Notify would mean every signal
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, unused...)
		go func() {
			for s := range signals {
				log.Warn().Str("signal", s.String()).
					Msg("ignored a signal that has no effect on brokerd")
			}
		}()
	}
	return hangups
}
