package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// What a client does to the requests of others, by steal or evict, is written to
// the log. The loop must not do that, because a log can block: it says what it
// did, and the reader of the session writes it before it reads on.

// A verdict is what became of a steal or an evict.
type verdict struct {
	code    wire.Code // of the refusal; "": done
	victims []string  // ids, at most maxVictims
	count   int       // of all victims
}

// maxVictims is how many victims are named in the log.
const maxVictims = 8

// newVerdicts makes the channel for the verdict on m, if m is of that kind.
func newVerdicts(m wire.Request) chan verdict {
	switch m := m.(type) {
	case *wire.Evict:
		return make(chan verdict, 1)
	case *wire.Acquire:
		if m.Steal {
			return make(chan verdict, 1)
		}
	}
	return nil
}

// awaitVerdict waits until the loop has said what became of it, and writes that.
func (s *session) awaitVerdict(it item) {
	if it.verdict == nil {
		return
	}
	select {
	case v := <-it.verdict:
		s.audit(it.request, v)
	case <-s.inbox.ended:
	}
}

func (s *session) audit(m wire.Request, v verdict) {
	line := s.logger.Warn().Bool("audit", true).Str("by", nameOf(s.peer)).Str("remote", s.peer.Remote)
	switch m := m.(type) {
	case *wire.Evict:
		line = line.Stringer("victim", m.Request).Str("message", m.Message)
	case *wire.Acquire:
		names := make([]string, len(m.Locks))
		for i, spec := range m.Locks {
			names[i] = spec.Name
		}
		line = line.Stringer("request", m.ID).Str("author", m.Author).Strs("locks", names).
			Strs("victims", v.victims).Int("victim_count", v.count)
	}
	if v.code != "" {
		line.Str("refused", string(v.code)).Msg(m.Kind() + " refused")
		return
	}
	line.Msg(auditWords(m))
}

func auditWords(m wire.Request) string {
	if m.Kind() == "evict" {
		return "evict"
	}
	return "steal"
}

// verdictOn sums up what a steal has done.
func verdictOn(m *wire.Acquire, events []locktable.Event) (v verdict) {
	for i := range events {
		switch e := &events[i]; {
		case e.Kind == locktable.Refused && e.ID == m.ID:
			v.code = e.Code
		case e.Kind == locktable.Lost && e.Lost == wire.LostStolen:
			v.count++
			if len(v.victims) < maxVictims {
				v.victims = append(v.victims, e.ID.String())
			}
		}
	}
	return v
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
