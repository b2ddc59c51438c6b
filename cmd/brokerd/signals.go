package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// What signals do to a running broker; the help says it too. SIGQUIT and SIGABRT do what they do to any program in
// Go: they write the stacks of all goroutines to stderr, and the exit code is 2. That is a crash, but it is what one
// wants to know of a process that hangs. SIGTSTP and SIGCONT stop the process and let it go on, as any other.

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. By
// then they have their default action again, so that the next ends the process. Both count also where they
// were ignored when the process was started, as by a shell that runs it in the background of a script.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		if len(signals) > 0 {
			os.Exit(cli.ExitFailure) // the second has come already
		}
		cancel()
	}()
	return ctx
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
