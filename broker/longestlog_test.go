package broker_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// The log names the longest wait and the longest hold once they exceed WarnAfter, and again each time they
// have doubled. When another request is the longest, it gets a line of its own.
func TestLongestWaitAndHold(t *testing.T) {
	log := new(testLog)
	config := broker.Config{Logger: log.logger(), WarnAfter: time.Minute}
	inBubble(t, config, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		acquire(a, 0, "x", `,"author":"backup"`)
		pass(10 * time.Second)
		acquire(b, 0, "x", "")
		count := func(after time.Duration, holds, waits int) {
			t.Helper()
			pass(after)
			synctest.Wait()
			gotHolds, gotWaits := log.lines(`"the longest hold"`), log.lines(`"the longest wait"`)
			if len(gotHolds) != holds || len(gotWaits) != waits {
				t.Errorf("got %q and %q, want %d and %d", gotHolds, gotWaits, holds, waits)
			}
		}
		count(40*time.Second, 0, 0)
		count(11*time.Second, 1, 0)
		count(59*time.Second, 2, 1)
		line := log.lines(`"the longest hold"`)[0]
		for _, part := range []string{
			`"level":"warn"`, `"locks":["x"]`, `"held":"1m0s"`, `"author":"backup"`, `"client":"a"`,
			`"request":"aaaaaaaa--0"`, `"waiting":1`,
		} {
			if !strings.Contains(line, part) {
				t.Errorf("%s: want %s", line, part)
			}
		}
		count(119*time.Second, 2, 2)
		count(2*time.Second, 3, 2)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		count(59*time.Second, 3, 2)
		count(32*time.Second, 4, 2)
	})
}

// With None, the log has no such lines.
func TestLongestIsNotLogged(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger(), WarnAfter: broker.None}, func(r *rig) {
		acquire(r.connect("a"), 0, "x", "")
		pass(time.Hour)
		if lines := log.lines("longest"); len(lines) > 0 {
			t.Errorf("%q", lines)
		}
	})
}
