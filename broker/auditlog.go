package broker

import (
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A verdict is the outcome of a steal or an evict.
type verdict struct {
	code    wire.Code          // why it was refused; "": it was not refused
	ended   string             // how a steal ended before it was granted
	victims []wire.RequestInfo // at most locktable.MaxVictims
	count   int                // of all victims, including those beyond the first MaxVictims
}

// When the broker stops, the log describes at most maxDescribed holders, with at most
// maxLocksDescribed locks each.
const (
	maxDescribed      = 8
	maxLocksDescribed = 8
)

// isAudited reports whether m acts on other clients' requests.
func isAudited(m wire.Request) bool {
	switch m := m.(type) {
	case *wire.Evict:
		return true
	case *wire.Acquire:
		return m.Steal
	}
	return false
}

// writeAudit logs what m has done to other clients' requests. It does so on another goroutine,
// because the log can block. The session gets no turn until the line is written, so a client cannot
// act faster than the log can record.
func (l *loop) writeAudit(s *session, m wire.Request, v verdict) {
	s.beginAudit()
	l.aside(func() {
		s.audit(m, v)
		s.sendLogged()
	})
}

// audit writes the audit line. It may block.
func (c *connection) audit(m wire.Request, v verdict) {
	attrs := []slog.Attr{
		slog.String("session", c.name), slog.Bool("audit", true), textAttr("by", core.NameOf(c.peer)),
		textAttr("remote", c.peer.Remote),
	}
	what := codec.Kind(m)
	switch m := m.(type) {
	case *wire.Evict:
		attrs = append(attrs, textAttr("request", m.Request.String()), textAttr("why", m.Message))
	case *wire.Acquire:
		what = "steal"
		names := make([]string, len(m.Locks))
		for i, spec := range m.Locks {
			names[i] = spec.Name
		}
		attrs = append(attrs, textAttr("request", m.ID.String()), textAttr("author", m.Author),
			slog.Any("locks", printable.LogTexts(names, len(names))))
	}
	if v.code != "" {
		c.logs.write(slog.LevelWarn, what+" refused", append(attrs, slog.String("refused", string(v.code)))...)
		return
	}
	if v.ended != "" {
		attrs = append(attrs, slog.String("ended", v.ended))
	}
	attrs = append(attrs, slog.Any("victims", described(v.victims)), slog.Int("victim_count", v.count))
	c.logs.write(slog.LevelWarn, what, attrs...)
}

// A description describes a request for the log.
type description struct {
	ID     string   `json:"id"`
	Author string   `json:"author"`
	Locks  []string `json:"locks"`
	Held   bool     `json:"held"`
	Client string   `json:"client"`
	Remote string   `json:"remote"`
}

// described describes requests for the log.
func described(requests []wire.RequestInfo) []description {
	all := make([]description, len(requests))
	for i, r := range requests {
		all[i] = description{
			ID: r.ID.String(), Author: printable.LogText(r.Author),
			Locks: printable.LogTexts(r.Locks, maxLocksDescribed), Held: r.Token != 0,
			Client: printable.LogText(r.Client), Remote: printable.LogText(r.Remote),
		}
	}
	return all
}
