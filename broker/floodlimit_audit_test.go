package broker_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
)

// A stuckLog blocks at the lines of the audit log until it is released.
type stuckLog struct{ off chan struct{} }

func (l *stuckLog) Write(line []byte) (int, error) {
	if strings.Contains(string(line), `"audit":true`) {
		<-l.off
	}
	return len(line), nil
}

// A blocked log does not stop the broker from reading other clients: a reader that waits for the
// log has no slot.
func TestBlockedAuditGivesSlotBack(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	synctest.Test(t, func(t *testing.T) {
		log := &stuckLog{off: make(chan struct{})}
		serve(t, broker.Config{Logger: zerolog.New(log)}, func(r *rig) {
			a, b := r.connect("a"), r.connect("b")
			a.take()
			b.take()
			// to make its reader need a slot
			flood := pings("aaaaaaaa", 100)
			// refused, and audited
			flood = append(flood, frame(`{"type":"evict","id":"zzzzzzzz--0","request":"bbbbbbbb--0"}`)...)
			_, _ = a.net.Write(flood)
			synctest.Wait()
			_, _ = b.net.Write(pings("bbbbbbbb", 100))
			if got := len(b.take()); got != 100 {
				t.Errorf("b got %d answers to 100 pings while the log of what a does is stuck", got)
			}
			close(log.off)
			synctest.Wait()
			a.close()
			b.close()
		})
	})
}

// pings returns n ping frames.
func pings(session string, n int) (all []byte) {
	for n := range n {
		all = append(all, frame(fmt.Sprintf(`{"type":"ping","id":"%s--%d"}`, session, n))...)
	}
	return all
}

// frame returns a masked text frame, as a client sends it.
func frame(text string) []byte {
	if len(text) > 125 {
		panic("too long")
	}
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// A session gets no turn until the log has recorded what it did to other clients' requests.
func TestAuditComesBeforeTheNextTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &stuckLog{off: make(chan struct{})}
		serve(t, broker.Config{Logger: zerolog.New(log)}, func(r *rig) {
			a := r.connect("a")
			a.take()
			a.send(`{"type":"evict","id":"aaaaaaaa--0","request":"bbbbbbbb--0"}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"x"}]}`)
			a.expect(`{"type":"error","id":"aaaaaaaa--0","code":"not_found","message":"no such request"}`)
			close(log.off)
			a.expect(`{"type":"granted","id":"aaaaaaaa--1","token":1}`)
			a.close()
		})
	})
}
