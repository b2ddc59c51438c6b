package broker_test

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// The line about a session that ends while it holds counts all its locks, however many they are.
func TestLogCountsAllLocks(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger()}, func(r *rig) {
		a := r.connect("a")
		for n := range 1500 {
			const acquire = `{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"x%d"},{"name":"y%d"}]}`
			a.send(acquire, n, n, n)
		}
		a.take()
		a.vanish()
		pass(time.Second)
	})
	if got := log.lines("while it held locks", `"y3","... and 2992 more"`); len(got) != 1 {
		t.Errorf("got %q", log.lines("while it held locks"))
	}
}
