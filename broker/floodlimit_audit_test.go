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

// A log that blocks does not keep other clients from being read: a reader that waits for the log
// has no slot.
func TestBlockedAuditGivesItsSlotBack(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	synctest.Test(t, func(t *testing.T) {
		log := &stuckLog{off: make(chan struct{})}
		serve(t, broker.Config{Logger: zerolog.New(log)}, func(r *rig) {
			a, b := r.connect("a"), r.connect("b")
			a.take()
			b.take()
			// so that its reader needs a slot
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

// pings are n frames.
func pings(session string, n int) (all []byte) {
	for n := range n {
		all = append(all, frame(fmt.Sprintf(`{"type":"ping","id":"%s--%d"}`, session, n))...)
	}
	return all
}

// frame is a masked text frame of a client.
func frame(text string) []byte {
	if len(text) > 125 {
		panic("too long")
	}
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// A session has no further turn until the log tells what it did to the requests of others.
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
