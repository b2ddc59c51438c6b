package broker

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A page that was sent wakes the sessions that can have the next one, and not all that wait.
func TestPageSentWakesFew(t *testing.T) {
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
	for _, s := range l.sessions {
		if s.paging {
			s.sendPageSent()
			l.collect()
			break
		}
	}
	if woken := l.scheduler.queues[laneLong].Len(); woken == 0 || woken > 2 {
		t.Errorf("one page that was sent woke %d sessions, want its own and the next", woken)
	}
}
