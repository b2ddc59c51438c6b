package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// An observer logs how each request ended, with the context of its call. So a handler of the log can add what the
// context carries, such as the id of a trace. Copy it into your program.
type observer struct {
	log  *slog.Logger
	slow time.Duration // a request that waits or holds for longer is a warning
}

// Requested logs nothing: most requests end well, and one line for each is enough.
func (o *observer) Requested(ctx context.Context, _ wsclient.RequestInfo) context.Context { return ctx }

// Granted warns of a long wait at once, because the request may hold for long, too.
func (o *observer) Granted(ctx context.Context, r wsclient.RequestInfo, waited time.Duration) {
	if waited > o.slow {
		o.log.LogAttrs(ctx, slog.LevelWarn, "waited long for a lock", request(r),
			slog.Duration("waited", waited))
	}
}

// Ended logs a loss as an error, because work may have gone on without the lock. A request that was refused or
// cancelled is the business of the caller, who has the error.
func (o *observer) Ended(ctx context.Context, r wsclient.RequestInfo, e wsclient.Ending) {
	level := slog.LevelDebug
	switch {
	case e.Granted && e.Err != nil:
		level = slog.LevelError
	case e.Held > o.slow:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{request(r), slog.String("code", e.Code)}
	if e.Granted {
		attrs = append(attrs, slog.Duration("held", e.Held))
	} else {
		attrs = append(attrs, slog.Duration("waited", e.Waited))
	}
	if e.Late >= time.Second { // the process was frozen, or had no processor
		attrs = append(attrs, slog.Duration("stale", e.Late))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("err", e.Err))
	}
	o.log.LogAttrs(ctx, level, "request ended", attrs...)
}

// request describes a request. Lock names belong into logs, but not into the labels of metrics.
func request(r wsclient.RequestInfo) slog.Attr {
	return slog.Group("request", slog.Any("locks", r.Locks), slog.String("id", r.ID.String()),
		slog.String("author", r.Author), slog.Int64("token", r.Token))
}

// connections logs the state of the connection.
func connections(log *slog.Logger) *wsclient.Trace {
	return &wsclient.Trace{
		State: func(state wsclient.State, why error) {
			if why != nil {
				log.Warn("broker", "state", state.String(), "err", why)
				return
			}
			log.Info("broker", "state", state.String())
		},
		RenewalFailed: func(err error, next time.Duration) {
			log.Warn("the credential was not renewed", "err", err, "next", next)
		},
	}
}
