package broker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// newLog returns a logger that writes each line to Config.Logger and to Config.LogHandler.
func newLog(c Config) *slog.Logger {
	var handler slog.Handler = zerologHandler{zerolog.NewSlogHandler(c.Logger)}
	if c.LogHandler != nil {
		handler = slog.NewMultiHandler(handler, c.LogHandler)
	}
	return slog.New(handler)
}

// A zerologHandler writes to a zerolog.Logger. A duration becomes text such as "1m30s", and the
// logger itself decides whether its lines have a time.
type zerologHandler struct{ *zerolog.SlogHandler }

// Handle implements slog.Handler.
func (h zerologHandler) Handle(ctx context.Context, r slog.Record) error {
	line := slog.NewRecord(time.Time{}, r.Level, r.Message, 0)
	r.Attrs(func(a slog.Attr) bool {
		if a.Value.Kind() == slog.KindDuration {
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		line.AddAttrs(a)
		return true
	})
	return h.SlogHandler.Handle(ctx, line)
}

// textAttr returns an attribute for text of a client, which it makes safe and short.
func textAttr(key, text string) slog.Attr { return slog.String(key, printable.LogText(text)) }

// locksAttr returns an attribute for the first maxLocksDescribed of count locks. names holds at
// least as many of the names.
func locksAttr(names []string, count int) slog.Attr {
	some := names[:min(len(names), maxLocksDescribed)]
	texts := printable.LogTexts(some, len(some))
	if more := count - len(some); more > 0 {
		texts = append(texts, fmt.Sprintf("... and %d more", more))
	}
	return slog.Any("locks", texts)
}

// attrs returns the attributes that say whose connection a line is about.
func (c *connection) attrs(more ...slog.Attr) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("session", c.sessionName()),
		textAttr("client", c.peer.Client), textAttr("remote", c.peer.Remote),
	}
	return append(appendIdentity(attrs, c.peer.Identity), more...)
}

// appendIdentity appends who a client is, if the broker knows that.
func appendIdentity(attrs []slog.Attr, identity string) []slog.Attr {
	if identity == "" {
		return attrs
	}
	return append(attrs, textAttr("identity", identity))
}
