package broker

import (
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// What a client does to the requests of others, by steal or evict, is written to
// the log, before anything else that the client has sent is handled. The loop must not write
// it, because a log can block.

// A verdict is what became of a steal or an evict.
type verdict struct {
	code    wire.Code          // of the refusal; "": done
	ended   string             // how a steal ended before it was granted
	victims []wire.RequestInfo // at most locktable.MaxVictims
	count   int                // of all victims
}

// maxDescribed is how many who hold when the broker stops are described in the log, and
// maxLocksDescribed how many locks of a request.
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

// writeAudit lets the log say what m has done. Until it has, s has no further turn.
func (l *loop) writeAudit(s *session, m wire.Request, v verdict) {
	s.auditing = true
	l.aside(func() {
		s.audit(m, v)
		l.inbox.put(item{session: s, kind: itemLogged})
	})
}

// audit writes the line.
func (s *session) audit(m wire.Request, v verdict) {
	line := s.log(s.config.Logger.Warn()).Bool("audit", true).Str("by", printable.LogText(nameOf(s.peer))).
		Str("remote", printable.LogText(s.peer.Remote))
	what := codec.Kind(m)
	switch m := m.(type) {
	case *wire.Evict:
		line = line.Str("request", printable.LogText(m.Request.String())).Str("why", printable.LogText(m.Message))
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

// MarshalZerologArray is for the log.
func (requests described) MarshalZerologArray(a *zerolog.Array) {
	for _, r := range requests {
		a.Dict(zerolog.Dict().Stringer("id", r.ID).Str("author", printable.LogText(r.Author)).
			Strs("locks", printable.LogTexts(r.Locks, maxLocksDescribed)).Bool("held", r.Token != 0).
			Str("client", printable.LogText(r.Client)).Str("remote", printable.LogText(r.Remote)))
	}
}

// verdictOnEvict sums up what an evict has done. Events are those that it caused, not
// delivered yet.
func (l *loop) verdictOnEvict(id wire.ID, events []locktable.Event) (v verdict) {
	for i := range events {
		if e := &events[i]; e.ID == id && (e.Lost == wire.LostEvicted || e.Kind == locktable.Evicted) {
			v.victims, v.count = []wire.RequestInfo{l.table.Subject(e, 0)}, 1
		}
	}
	return v
}

// A stealing is a steal under way. The log tells of it once it has been granted or has ended.
type stealing struct {
	session *session
	request *wire.Acquire
}

// tellTheft writes to the log what became of a steal, if e says that: its first event does. With
// very many victims this comes later than the call that began it.
func (l *loop) tellTheft(e *locktable.Event) {
	st, is := l.stealing[e.ID]
	if !is {
		return
	}
	delete(l.stealing, e.ID)
	st.session.stealing = false
	v := verdict{code: e.Code}
	if e.Steal != nil {
		v.victims, v.count = e.Steal.Victims, e.Steal.Count
		if e.Kind != locktable.Granted {
			v.ended = e.Kind.String()
		}
	}
	l.writeAudit(st.session, st.request, v)
}

// nameOf says who somebody is: the identity where there is one, else the label
// that the client gave itself, else the address.
func nameOf(p wire.Peer) string {
	switch {
	case p.Identity != "":
		return p.Identity
	case p.Client != "":
		return p.Client
	}
	return p.Remote
}
