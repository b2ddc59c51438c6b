package broker

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// logEvent logs an event of the lock table at debug level. It may block.
func (l *loop) logEvent(e *locktable.Event) {
	attrs := make([]slog.Attr, 0, 15)
	attrs = append(attrs, slog.String("request", e.ID.String()), slog.String("event", e.Kind.String()))
	if e.Locks() > 0 {
		attrs = l.appendSubject(attrs, e)
	}
	for _, text := range []struct{ key, value string }{
		{"code", string(e.Code)}, {"reason", string(e.Lost)}, {"by", e.By},
		{"why", cmp.Or(e.Message, e.Reason)},
	} {
		if text.value != "" {
			attrs = append(attrs, textAttr(text.key, text.value))
		}
	}
	l.logs.write(slog.LevelDebug, "request "+e.Kind.String(), attrs...)
}

// appendSubject appends who made the request of an event, for which locks, and how long it had
// waited or held.
func (l *loop) appendSubject(attrs []slog.Attr, e *locktable.Event) []slog.Attr {
	r := l.table.Subject(e, 0)
	attrs = append(attrs, locksAttr(r.Locks, len(r.Locks)), slog.String("mode", r.Mode.String()),
		textAttr("author", r.Author), textAttr("client", r.Client), textAttr("remote", r.Remote))
	attrs = appendIdentity(attrs, r.Identity)
	if r.Token != 0 {
		attrs = append(attrs, slog.Int64("token", r.Token))
	}
	lasted := time.Duration(r.DurationMS) * time.Millisecond
	switch {
	case e.Kind == locktable.Queued:
		return attrs
	case e.Kind == locktable.Granted:
		return append(attrs, slog.Duration("waited", e.Lasted.Truncate(time.Millisecond)))
	case r.Token != 0:
		return append(attrs, slog.Duration("held", lasted))
	}
	return append(attrs, slog.Duration("waited", lasted))
}
