package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A request inside another one may never have reached the run that crashed. So it is made again, and refused if it is a
// deadlock.
func TestDeadlockAfterACrash(t *testing.T) {
	var token int
	acrossCrashes(t,
		func(r *rig) {
			a := r.connectKept("a")
			token = a.acquire(0, "x")
			r.left(a)
		},
		func(r *rig) {
			b := r.connectKept("b")
			b.resume("a", holdX(token)+`,"waiting":[
				{"n":1,"locks":[{"name":"x"}],"parent":"aaaaaaaa--0"},
				{"n":2,"locks":[{"name":"y"}],"parent":"aaaaaaaa--0"}]`)
			synctest.Wait()
			got := strings.Join(b.take(), "")
			for _, want := range []string{
				`{"type":"resumed","id":"bbbbbbbb--0","held":[0]}`,
				`{"type":"error","id":"aaaaaaaa--1","code":"deadlock"`,
				`{"type":"granted","id":"aaaaaaaa--2"`,
			} {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			r.left(b)
		})
}

// A request inside another one is judged when all have come back, because those that come later may get a place before
// it. Here b waits for x, too, and comes back last.
func TestDeadlockBehindOneThatComesLater(t *testing.T) {
	inside := func(age int, want string) func(t *testing.T) {
		return func(t *testing.T) {
			const both = `"locks":[{"name":"x"},{"name":"y"}]`
			const y = `"waiting":[{"n":1,"locks":[{"name":"y"}],"parent":"aaaaaaaa--0","age_ms":%d}]`
			var token int
			acrossCrashes(t,
				func(r *rig) {
					a, b := r.connectKept("a"), r.connectKept("b")
					token = a.acquire(0, "x")
					b.send(`{"type":"acquire","id":"bbbbbbbb--0",%s}`, both)
					pass(time.Second)
					r.left(a, b)
				},
				func(r *rig) {
					c, d := r.connectKept("c"), r.connectKept("d")
					c.resume("a", holdX(token)+","+fmt.Sprintf(y, age))
					c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
					d.resume("b", `"waiting":[{"n":0,`+both+`,"age_ms":5000}]`)
					d.expect(`{"type":"resumed","id":"dddddddd--0"}`)
					if got := strings.Join(c.take(), ""); !strings.Contains(got, want) {
						t.Errorf("got %s, want %s", got, want)
					}
					r.left(c, d)
				})
		}
	}
	t.Run("b has waited for longer", inside(1000, `{"type":"error","id":"aaaaaaaa--1","code":"deadlock"`))
	t.Run("for less long", inside(9000, `{"type":"granted","id":"aaaaaaaa--1"`))
}

// The outer request may be of a session that comes back later. Here b's request is inside a's, and c's is a deadlock
// with it.
func TestDeadlockAcrossSessionsAfterACrash(t *testing.T) {
	var x, y int
	acrossCrashes(t,
		func(r *rig) {
			a, b, c := r.connectKept("a"), r.connectKept("b"), r.connectKept("c")
			x, y = a.acquire(0, "x"), c.acquire(0, "y")
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}],"parent":"aaaaaaaa--0"}`)
			pass(time.Second)
			r.left(a, b, c)
		},
		func(r *rig) {
			d, e, f := r.connectKept("d"), r.connectKept("e"), r.connectKept("f")
			d.resume("b", `"waiting":[{"n":0,"locks":[{"name":"y"}],"parent":"aaaaaaaa--0"}]`)
			d.expect(`{"type":"resumed","id":"dddddddd--0"}`)
			e.resume("c", fmt.Sprintf(`"held":[{"n":0,"token":%d,"locks":[{"name":"y"}]}],"waiting":[
				{"n":1,"locks":[{"name":"x"}],"parent":"cccccccc--0"}]`, y))
			e.expect(`{"type":"resumed","id":"eeeeeeee--0","held":[0]}`)
			f.resume("a", holdX(x))
			f.expect(`{"type":"resumed","id":"ffffffff--0","held":[0]}`)
			got := strings.Join(append(d.take(), e.take()...), "")
			if strings.Count(got, `"code":"deadlock"`) != 1 {
				t.Errorf("got %s, want one deadlock", got)
			}
			r.left(d, e, f)
		})
}
