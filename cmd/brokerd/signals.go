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

// What signals do to a running broker; the help says it too. SIGQUIT and SIGABRT do what they do to any program in
// Go: they write the stacks of all goroutines to stderr, and the exit code is 2. That is a crash, but it is what one
// wants to know of a process that hangs. SIGTSTP and SIGCONT stop the process and let it go on, as any other.

// sameSignal is how soon after the first a signal still means the same. timeout sends one to the process and
// then one to its group, and npm passes on the Ctrl-C that the terminal has sent to both. A stop that the
// second cut short would count as a crash.
const sameSignal = 500 * time.Millisecond

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. Soon after that
// they have their default action again, so that a second one ends the process. Both count also where they
// were ignored when the process was started, as by a shell that runs it in the background of a script.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		heedFirst(signals, cancel)
		signal.Stop(signals)
		if len(signals) > 0 {
			os.Exit(cli.ExitFailure) // a second one has come already
		}
	}()
	return ctx
}

// heedFirst calls stop at the first signal, and returns when further ones no longer mean the same.
func heedFirst(signals <-chan os.Signal, stop func()) {
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

// outlive ignores signals that would end or stop the process although it can go on. Those that somebody sends on
// purpose are noted in the log.
func outlive(log zerolog.Logger) {
	// Go ends a process when a write to stderr finds that nobody reads it any more. systemd takes an end by
	// SIGPIPE for a clean one, and would not start the broker again.
	signal.Ignore(brokenLog...)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, withoutUse...)
	go func() {
		for s := range signals {
			log.Warn().Str("signal", s.String()).Msg("ignored a signal: there is nothing that it could do")
		}
	}()
}
