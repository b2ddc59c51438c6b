package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A steal is an acquire that takes locks from others and is not complete yet. If it has very many
// victims, it is granted several slices after the call that began it. Its session gets no turn
// until the log has recorded the steal, except to cancel it or to end.
type steal struct {
	session *session
	request *wire.Acquire
}

// beginSteal notes a steal before the table begins it.
func (l *loop) beginSteal(s *session, m *wire.Acquire) {
	l.stealing[m.ID] = steal{s, m}
	s.stealing = true
	s.beginAudit()
}

// noteSteal logs the outcome of a steal. The first event of the stealing request says what that is.
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
