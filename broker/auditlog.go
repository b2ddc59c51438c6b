package broker

import (
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A verdict is what became of a steal or an evict.
type verdict struct {
	code    wire.Code          // of the refusal; "": it was done
	ended   string             // how a steal ended before it was granted
	victims []wire.RequestInfo // at most locktable.MaxVictims
	count   int                // of all victims
}

// When the broker stops, the log describes at most maxDescribed holders, with at most
// maxLocksDescribed locks each.
const (
	maxDescribed      = 8
	maxLocksDescribed = 8
)

// isAudited reports whether m is about the requests of others.
func isAudited(m wire.Request) bool {
	switch m := m.(type) {
	case *wire.Evict:
		return true
	case *wire.Acquire:
		return m.Steal
	}
	return false
}

// writeAudit writes to the log what m has done to the requests of others, aside: the log can block.
// The session has no further turn until the line is written, so a client cannot do more than the
// log can tell.
func (l *loop) writeAudit(s *session, m wire.Request, v verdict) {
	s.beginAudit()
	l.aside(func() {
		s.audit(m, v)
		s.sendLogged()
	})
}

// audit writes the line. It may block.
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

// described are requests as the log describes them.
type described []wire.RequestInfo

// MarshalZerologArray implements zerolog.LogArrayMarshaler.
func (requests described) MarshalZerologArray(a *zerolog.Array) {
	for _, r := range requests {
		a.Dict(zerolog.Dict().Stringer("id", r.ID).Str("author", printable.LogText(r.Author)).
			Strs("locks", printable.LogTexts(r.Locks, maxLocksDescribed)).Bool("held", r.Token != 0).
			Str("client", printable.LogText(r.Client)).Str("remote", printable.LogText(r.Remote)))
	}
}
