package broker

import (
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// What a client does to the requests of others, by steal or evict, is written to
// the log. The loop must not do that, because a log can block: it says what it
// did, and the reader of the session writes it before it reads on.

// A verdict is what became of a steal or an evict.
type verdict struct {
	code    wire.Code          // of the refusal; "": done
	ended   string             // how a steal ended before it was granted
	victims []wire.RequestInfo // at most locktable.MaxVictims
	count   int                // of all victims
}

// maxDescribed is how many who hold when the broker stops are described in the log.
const maxDescribed = 8

// newVerdicts makes the channel for the verdict on m, if its session is to wait for
// that: what is done to others is in the log before the session can go on; and
// one that is nested may take a long search, so that nobody is to have many of
// them in the inbox, for which all others would have to wait.
func newVerdicts(m wire.Request) chan verdict {
	acquire, ok := m.(*wire.Acquire)
	if isAudited(m) || ok && !acquire.Parent.IsZero() {
		return make(chan verdict, 1)
	}
	return nil
}

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

// awaitVerdict waits until the loop has said what became of it, and writes that.
func (s *session) awaitVerdict(it item) {
	if it.verdict == nil {
		return
	}
	if v, handled := <-it.verdict; handled && isAudited(it.request) {
		s.audit(it.request, v)
	}
	s.net.resume()
}

// dismiss lets nobody wait for a verdict on an item that the loop does not handle.
func (it item) dismiss() {
	if it.verdict != nil {
		close(it.verdict)
	}
}

func (s *session) audit(m wire.Request, v verdict) {
	line := s.log(s.config.Logger.Warn()).Bool("audit", true).Str("by", nameOf(s.peer)).Str("remote", s.peer.Remote)
	what := m.Kind()
	switch m := m.(type) {
	case *wire.Evict:
		line = line.Stringer("request", m.Request).Str("why", m.Message)
	case *wire.Acquire:
		what = "steal"
		names := make([]string, len(m.Locks))
		for i, spec := range m.Locks {
			names[i] = spec.Name
		}
		line = line.Stringer("request", m.ID).Str("author", m.Author).Strs("locks", names)
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
		a.Dict(zerolog.Dict().Stringer("id", r.ID).Str("author", r.Author).Strs("locks", r.Locks).
			Bool("held", r.Token != 0).Str("client", r.Client).Str("remote", r.Remote))
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

// tellVerdict tells the reader that waits for it what became of an acquire, if e says that: its
// first event does. With a steal this may come later than the call that began it.
func (l *loop) tellVerdict(e *locktable.Event) {
	it, waits := l.verdicts[e.ID]
	if !waits {
		return
	}
	delete(l.verdicts, e.ID)
	v := verdict{code: e.Code}
	if e.Theft != nil {
		v.victims, v.count = e.Theft.Victims, e.Theft.Count
		if e.Kind != locktable.Granted {
			v.ended = e.Kind.String()
		}
	}
	it.verdict <- v
}

// forgetVerdicts lets nobody wait any more for what the table will not answer, because
// the session has ended. What a steal of it has done until then is still told.
func (l *loop) forgetVerdicts(s *session) {
	for id, it := range l.verdicts {
		if it.session == s && !isAudited(it.request) {
			delete(l.verdicts, id)
			it.dismiss()
		}
	}
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
