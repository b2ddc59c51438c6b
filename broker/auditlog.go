package broker

import (
	"github.com/rs/zerolog"

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
	line := c.log(c.config.Logger.Warn()).Bool("audit", true).Str("by", printable.LogText(nameOf(c.peer))).
		Str("remote", printable.LogText(c.peer.Remote))
	what := codec.Kind(m)
	switch m := m.(type) {
	case *wire.Evict:
		line = line.Str("request", printable.LogText(m.Request.String())).
			Str("why", printable.LogText(m.Message))
	case *wire.Acquire:
		what = "steal"
		names := make([]string, len(m.Locks))
		for i, spec := range m.Locks {
			names[i] = spec.Name
		}
		line = line.Str("request", printable.LogText(m.ID.String())).Str("author", printable.LogText(m.Author)).
			Strs("locks", printable.LogTexts(names, len(names)))
	}
	if v.code != "" {
		line.Str("refused", string(v.code)).Msg(what + " refused")
		return
	}
	if v.ended != "" {
		line = line.Str("ended", v.ended)
	}
	line.Array("victims", described(v.victims)).Int("victim_count", v.count).Msg(what)
}

// described formats requests for the log.
type described []wire.RequestInfo

// MarshalZerologArray implements zerolog.LogArrayMarshaler.
func (requests described) MarshalZerologArray(a *zerolog.Array) {
	for _, r := range requests {
		a.Dict(zerolog.Dict().Stringer("id", r.ID).Str("author", printable.LogText(r.Author)).
			Strs("locks", printable.LogTexts(r.Locks, maxLocksDescribed)).Bool("held", r.Token != 0).
			Str("client", printable.LogText(r.Client)).Str("remote", printable.LogText(r.Remote)))
	}
}
