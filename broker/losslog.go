package broker

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/metrics"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// logHolder logs that a session ends, if it holds locks: which ones, why it ends, and when others
// can have the locks. reason is how the connection ended first. The lock table must not know of the
// end yet.
func (l *loop) logHolder(s *session, reason string, how ending, lasts bool) {
	if !l.logs.lost.isOn() {
		return
	}
	count := l.table.Usage(s.name).Holding
	if count == 0 {
		return
	}
	line, ok := l.logs.lost.admit()
	if !ok {
		return
	}
	holders := l.table.HeldBy(s.name, maxDescribed)
	var locks, authors []string
	for _, r := range holders {
		locks = append(locks, r.Locks...)
		if !slices.Contains(authors, r.Author) && r.Author != "" {
			authors = append(authors, printable.LogText(r.Author))
		}
	}
	silent := time.Since(s.net.LastHeard())
	attrs := s.attrs(locksAttr(locks, count), textAttr("why", l.whyEnded(reason, how.by)),
		slog.Duration("silent", silent.Truncate(time.Millisecond)))
	if len(authors) > 0 {
		attrs = append(attrs, slog.Any("authors", authors))
	}
	message := "a session ended while it held locks: they are free now"
	kept := l.core.KeptUntil(!lasts && how.by.FreesLocks(s.lockDelay), l.lastHeard(s)) - l.now()
	if kept > 0 && lasts {
		message = "a connection ended while its session held locks: " +
			"they are kept until its client takes it up again"
	} else if kept > 0 {
		message = "a session ended while it held locks: they are kept until its client must have noticed"
		attrs = append(attrs, slog.Duration("kept", kept.Truncate(time.Millisecond)))
	}
	l.aside(func() { line.write(message, attrs...) })
}

// logUnkept logs that the locks of an ended session, which were kept, go to others now, because its
// client has noticed the end.
func (l *loop) logUnkept(s *session, how ending) {
	if l.table.Usage(s.name).Holding == 0 {
		return
	}
	if line, ok := l.logs.lost.admit(); ok {
		l.aside(func() {
			line.write("the client of an ended session has noticed: its locks are free now",
				s.attrs(textAttr("why", l.whyEnded("", how.by)))...)
		})
	}
}

// kindOfEnd returns what ended a session, for the metrics.
func kindOfEnd(reason string, by transport.EndedBy) metrics.End {
	switch {
	case reason == slowConsumer.reason:
		return metrics.Slow
	case reason == revoked.reason, reason == expired.reason:
		return metrics.Credential
	case brokeProtocol(reason):
		return metrics.Protocol
	case reason == "silent":
		return metrics.Silent
	}
	switch by {
	case transport.ByGoodbye:
		return metrics.Goodbye
	case transport.ByAnswer:
		return metrics.Answer
	case transport.ByFIN:
		return metrics.FIN
	case transport.ByRST:
		return metrics.RST
	}
	if reason == "closed by the client" {
		return metrics.ClosedByClient
	}
	return metrics.Failed
}

// brokeProtocol reports whether a client broke the protocol, or that of WebSocket.
func brokeProtocol(reason string) bool {
	return slices.Contains([]string{"binary frame", "malformed frames", "frame too long"}, reason) ||
		strings.HasPrefix(reason, "websocket: ") && !strings.HasPrefix(reason, "websocket: close ")
}

// whyEnded says in plain words why a session ended.
func (l *loop) whyEnded(reason string, by transport.EndedBy) string {
	switch {
	case by == transport.ByGoodbye:
		return "the client said goodbye"
	case by == transport.ByAnswer:
		return "the client answered the broker's close frame"
	case by == transport.ByFIN:
		return "the client, its kernel or a proxy closed the connection (FIN)"
	case by == transport.ByRST:
		return "the client, its kernel or a proxy reset the connection (RST)"
	case reason == "silent":
		return "nothing arrived from the client for the session timeout, " + l.config.Timeout.String()
	case reason == slowConsumer.reason:
		return "the client read too slowly"
	case strings.HasPrefix(reason, "write failed: "):
		return "the broker could not send to the client: " + strings.TrimPrefix(reason, "write failed: ")
	case reason == "closed by the client":
		return "the client sent a close frame without a goodbye"
	case reason == revoked.reason, reason == expired.reason:
		return reason
	case brokeProtocol(reason):
		return "the client broke the protocol: " + reason
	}
	return "the connection failed: " + reason
}
