package broker_test

import (
	"bytes"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// writers returns how many sessions have a running writer.
func writers() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("broker.(*writer).run("))
}

// An idle connection has no writer. A busy one keeps its writer until the next ping. Either way,
// everything is sent at once.
func TestWriterEndsAndStartsAgain(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.take()
		if n := writers(); n != 0 {
			t.Errorf("%d writers after the hello, want none", n)
		}
		ping := func(n int) {
			t.Helper()
			a.send(`{"type":"ping","id":"aaaaaaaa--%d"}`, n)
			if got := len(a.take()); got != 1 {
				t.Fatalf("ping %d: %d answers", n, got)
			}
		}
		for n := range 2 * broker.StayAfter {
			ping(n)
		}
		if n := writers(); n != 1 {
			t.Errorf("%d writers of a busy connection, want one", n)
		}
		time.Sleep(5 * time.Second) //nolint:forbidigo // virtual time: a ping is due
		if n := writers(); n != 0 {
			t.Errorf("%d writers of an idle connection, want none", n)
		}
		ping(100)
		a.send(`{"type":"acquire","id":"aaaaaaaa--101","locks":[{"name":"x"}]}`)
		a.expect(`{"type":"granted","id":"aaaaaaaa--101","token":1}`)
		a.close()
	})
}
