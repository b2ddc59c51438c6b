package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A steal is one that is under way. If it has very many victims, it is granted some slices after
// the call that began it. Its session has no turn until the log tells of it.
type steal struct {
	session *session
	request *wire.Acquire
}

// beginSteal is called before the table begins a steal.
func (l *loop) beginSteal(s *session, m *wire.Acquire) {
	l.stealing[m.ID] = steal{s, m}
	s.stealing = true
	s.beginAudit()
}

// noteSteal writes to the log what became of a steal. The first event of the request says that.
func (l *loop) noteSteal(e *locktable.Event) {
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
