package broker_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A cancel ends an unfinished steal. Victims that have not lost their locks yet keep them.
func TestCancelUnfinishedSteal(t *testing.T) {
	for name, end := range map[string]func(a *peer){
		"cancel": func(a *peer) { a.send(`{"type":"cancel","id":"aaaaaaaa--0"}`) },
		"end":    func(a *peer) { a.vanish() },
	} {
		t.Run(name, func(t *testing.T) {
			withBrake(t, func(r *rig, brake *brake) {
				const many = 20_000
				a, b := r.connect("a"), r.connect("b")
				a.take()
				for n := range many {
					b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"x","mode":"shared"}]}`, n)
				}
				pass(time.Second)
				if got := len(b.take()); got != many+1 {
					t.Fatalf("b got %d answers", got)
				}
				release := brake.stop(r)
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}],"steal":true}`)
				if name == "cancel" {
					end(a)
				}
				synctest.Wait()
				release()
				if name != "cancel" { // the steal has begun, and the loop rests between two slices
					end(a)
				}
				pass(time.Second)
				if got := len(b.take()); got == many {
					t.Errorf("all %d have lost their locks", got)
				}
				for _, f := range a.take() {
					if !strings.Contains(f, "cancelled") {
						t.Errorf("a got %s", f)
					}
				}
				b.close()
			})
		})
	}
}
