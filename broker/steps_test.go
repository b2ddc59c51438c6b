package broker_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// The loop counts its steps for as long as it runs. A 32-bit int would overflow: the end of a slice
// would then lie before its beginning, and the slice would do nothing.
func TestStepsAreCountedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		b.RigSteps(math.MaxInt32 - 5_000)
		rigged(t, b, func(r *rig) {
			a := r.connect("a")
			a.take()
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"x"}],"wait_ms":1000}`)
			a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
			pass(time.Second)
			a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"timeout","message":"not granted within 1s",` +
				`"holders":[{"id":"aaaaaaaa--0","mode":"exclusive","token":1,"locks":["x"],"duration_ms":1000,"client":"a","remote":"192.0.2.1:1000"}],"ahead":0}`)
			a.close()
		})
	})
}
