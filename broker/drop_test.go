package broker

import (
	"strconv"
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// If very many sessions with few or no locks end together, they do not take a slice each: that
// would be slow, because the loop rests between slices.
func TestManySessionsInASlice(t *testing.T) {
	for locks, most := range []int{2, 4} { // the most slices for 300 sessions, with no lock and with one lock each
		l := idleLoop(t)
		for n := range 300 {
			s := openSession(l, "s"+strconv.Itoa(n), "")
			for i := range locks {
				id := wire.ID{Session: s.name, N: int64(i)}
				l.table.Acquire(0, locktable.Acquire{ID: id,
					Locks: []wire.LockSpec{{Name: id.String()}}}, nil)
			}
			l.end(s, ending{by: transport.ByGoodbye})
		}
		slices := 0
		for ; l.core.IsDropping(); slices++ {
			l.drop()
		}
		if held := l.table.Held(); slices > most || held > 0 {
			t.Errorf("%d locks each: %d slices, want at most %d; %d are still held", locks, slices, most,
				held)
		}
	}
}
