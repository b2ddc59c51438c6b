package broker

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// When a page has been sent, only the sessions that can have a page now are woken, not all that
// wait.
func TestSentPageWakesFewSessions(t *testing.T) {
	l := idleLoop(t)
	const many = 10_000
	for i := range many {
		s := openSession(l, fmt.Sprintf("s%07d", i), "192.0.2.2:1")
		for n := range int64(33) {
			s.sendRequest(&wire.Info{ID: wire.ID{Session: s.name, N: n}})
		}
	}
	l.collect()
	for l.scheduler.any() {
		l.serve()
	}
	for _, s := range l.sessions.All() {
		if s.paging {
			s.sendPageSent()
			l.collect()
			break
		}
	}
	if woken := l.scheduler.queues[laneLong].Len(); woken == 0 || woken > 2 {
		t.Errorf("sending one page woke %d sessions, want two: its own and the next", woken)
	}
}
