package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// ending are the signals that end a command.
var ending = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// untilTold returns a context that ends with the first signal that ends a command. A second one has its usual effect:
// it ends the process at once. HUP and INT stay ignored if they were ignored at the start, as under nohup. Go does not
// tell that of other signals.
func untilTold() (context.Context, context.CancelFunc) {
	heeded := slices.DeleteFunc(slices.Clone(ending), signal.Ignored)
	if len(heeded) == 0 { // NotifyContext would take that for all signals
		return context.WithCancel(context.Background())
	}
	ctx, stop := signal.NotifyContext(context.Background(), heeded...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
