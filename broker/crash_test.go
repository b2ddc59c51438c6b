package broker_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// A crashingDisk is a disk to which nothing is written any more after the crash.
type crashingDisk struct {
	statedir.Disk
	crashed atomic.Bool
}

func (d *crashingDisk) Rename(from, to string) error {
	if d.crashed.Load() {
		return nil
	}
	return d.Disk.Rename(from, to)
}

func (d *crashingDisk) Append(path string) (statedir.File, error) {
	file, err := d.Disk.Append(path)
	return crashingFile{file, d}, err
}

type crashingFile struct {
	statedir.File
	disk *crashingDisk
}

func (f crashingFile) Write(p []byte) (int, error) {
	if f.disk.crashed.Load() {
		return len(p), nil
	}
	return f.File.Write(p)
}

// A crashRun runs brokers one after another on one state directory. Each of them crashes, as far as the directory
// and the clients can tell.
type crashRun struct {
	t   *testing.T
	dir string
}

func acrossCrashes(t *testing.T, runs ...func(r *rig)) {
	t.Helper()
	run := crashRun{t, t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		for _, f := range runs {
			run.one(t, f)
		}
	})
}

func (run crashRun) one(t *testing.T, f func(r *rig)) {
	t.Helper()
	b, err := broker.New(broker.Config{Drain: broker.None})
	if err != nil {
		t.Fatal(err)
	}
	disk := &crashingDisk{}
	if err := b.RigDisk(disk, run.dir, broker.TokenRange); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, b)
	f(r)
	disk.crashed.Store(true)
	r.server.Stop()
}

func (r *rig) connectKept(name string) *peer {
	r.t.Helper()
	return r.connectLasting(name, "kept")
}

// refusedTo returns the answer to the first message of a client that cannot take up a session.
func refusedTo(name string) string {
	return fmt.Sprintf(`{"type":"not_resumed","id":"%s--0","message":"there is no such session to take up"}`,
		wiretest.Session(name))
}

// acquire makes a request of a client that is granted at once, and returns its token.
func (p *peer) acquire(n int, name string) (token int) {
	p.t.Helper()
	p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":%q}]}`, sessionOf(p), n, name)
	return int(p.grantedToken(fmt.Sprintf("%s--%d", sessionOf(p), n)))
}

func sessionOf(p *peer) string {
	return fmt.Sprint(p.name, p.name, p.name, p.name, p.name, p.name, p.name, p.name)
}

// left checks that a client has lost its connection with the run.
func (r *rig) left(peers ...*peer) {
	r.t.Helper()
	for _, p := range peers {
		_ = p.net.Close()
		<-p.ended
	}
	synctest.Wait()
}

// Who is kept comes back after a crash and goes on with what it holds. When all have come, grants go on at once.
func TestCrash(t *testing.T) {
	var token int
	acrossCrashes(t,
		func(r *rig) {
			a := r.connectKept("a")
			token = a.acquire(0, "x")
			r.left(a)
		},
		func(r *rig) {
			b := r.connectKept("b")
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
			b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"y"}]}`)
			pass(5 * time.Second)
			b.expect() // a may hold x and y
			c := r.connectKept("c")
			c.resume("a", holdX(token))
			c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
			if got := int(b.grantedToken("bbbbbbbb--1")); got <= token {
				t.Errorf("token %d after %d", got, token)
			}
			c.send(`{"type":"release","id":"aaaaaaaa--0"}`)
			c.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
			b.grantedToken("bbbbbbbb--0")
			r.left(b, c)
		})
}

// Who has not come back when the grace period is over has lost everything.
func TestCrashAndNobodyComes(t *testing.T) {
	var token int
	acrossCrashes(t,
		func(r *rig) {
			a := r.connectKept("a")
			token = a.acquire(0, "x")
			r.left(a)
		},
		func(r *rig) {
			b := r.connectKept("b")
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
			pass(15*time.Second - 1)
			b.expect()
			pass(1)
			b.grantedToken("bbbbbbbb--0")
			c := r.connectKept("c")
			c.resume("a", holdX(token))
			c.expect(refusedTo("c"))
			r.left(b, c)
		})
}

// A session that cannot come back may have held anything, and its client may not have noticed the crash. So the grace
// period is not over when all others have come back.
func TestCrashWithOthers(t *testing.T) {
	for name, first := range map[string]bool{"before the first that is kept": true, "after it": false} {
		t.Run(name, func(t *testing.T) {
			var token int
			acrossCrashes(t,
				func(r *rig) {
					a, b := r.connectKept("a"), r.connect("b")
					b.take()
					if first {
						b.acquire(0, "y")
					}
					token = a.acquire(0, "x")
					if !first {
						b.acquire(0, "y")
					}
					r.left(a, b)
				},
				func(r *rig) {
					c := r.connectKept("c")
					c.resume("a", holdX(token))
					c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
					c.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}]}`)
					pass(15*time.Second - 1)
					c.expect()
					pass(1)
					c.grantedToken("aaaaaaaa--1")
					r.left(c)
				})
		})
	}
}

// What a holder has lost against its will before a crash, it cannot claim after it.
func TestCrashAfterALoss(t *testing.T) {
	for name, lose := range map[string]func(b *peer){
		"evicted": func(b *peer) {
			b.send(`{"type":"evict","id":"bbbbbbbb--0","request":"aaaaaaaa--0"}`)
			b.expect(`{"type":"evicted","id":"bbbbbbbb--0"}`)
			b.acquire(1, "x")
		},
		"stolen": func(b *peer) {
			b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}],"steal":true}`)
			b.grantedToken("bbbbbbbb--1")
		},
		"expired": func(b *peer) {
			pass(time.Second)
			b.acquire(1, "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var token int
			acrossCrashes(t,
				func(r *rig) {
					a, b := r.connectKept("a"), r.connectKept("b")
					a.send(`{"type":"acquire","id":"aaaaaaaa--0",` +
						`"locks":[{"name":"x"}],"hold_ms":1000}`)
					token = int(a.grantedToken("aaaaaaaa--0"))
					r.left(a) // it does not hear of the loss
					lose(b)
					b.send(`{"type":"release","id":"bbbbbbbb--1"}`)
					b.expect(`{"type":"released","id":"bbbbbbbb--1"}`)
					r.left(b)
				},
				func(r *rig) {
					c := r.connectKept("c")
					c.resume("a", holdX(token))
					c.expect(`{"type":"resumed","id":"cccccccc--0","lost":[0]}`)
					r.left(c)
				})
		})
	}
}

// A session whose client has not come in time is off the record before its locks go to others.
func TestCrashAfterAnAbsence(t *testing.T) {
	var token int
	acrossCrashes(t,
		func(r *rig) {
			a, b := r.connectKept("a"), r.connectKept("b")
			token = a.acquire(0, "x")
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
			r.left(a)
			pass(15 * time.Second)
			b.grantedToken("bbbbbbbb--0")
			r.left(b)
		},
		func(r *rig) {
			c := r.connectKept("c")
			c.resume("a", holdX(token))
			c.expect(refusedTo("c"))
			r.left(c)
		})
}

// Waiters come back in the order of their age, whatever the order in which their clients come.
func TestWaitersComeBackAfterACrash(t *testing.T) {
	var token int
	acrossCrashes(t,
		func(r *rig) {
			a, b, c := r.connectKept("a"), r.connectKept("b"), r.connectKept("c")
			token = a.acquire(0, "x")
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
			synctest.Wait()
			c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"x"}]}`)
			synctest.Wait()
			r.left(a, b, c)
		},
		func(r *rig) {
			d, e, f := r.connectKept("d"), r.connectKept("e"), r.connectKept("f")
			g := r.connectKept("g")
			g.send(`{"type":"acquire","id":"gggggggg--0","locks":[{"name":"x"}]}`)
			pass(time.Second)
			d.resume("c", `"waiting":[{"n":0,"locks":[{"name":"x"}],"age_ms":2000}]`)
			d.expect(`{"type":"resumed","id":"dddddddd--0"}`)
			e.resume("b", `"waiting":[{"n":0,"locks":[{"name":"x"}],"age_ms":3000}]`)
			e.expect(`{"type":"resumed","id":"eeeeeeee--0"}`)
			f.resume("a", holdX(token))
			f.expect(`{"type":"resumed","id":"ffffffff--0","held":[0]}`)
			for _, next := range []struct {
				p  *peer
				id string
			}{{f, "aaaaaaaa--0"}, {e, "bbbbbbbb--0"}, {d, "cccccccc--0"}} {
				if next.p != f {
					next.p.grantedToken(next.id)
				}
				next.p.send(`{"type":"release","id":"%s"}`, next.id)
				next.p.expect(fmt.Sprintf(`{"type":"released","id":%q}`, next.id))
			}
			g.grantedToken("gggggggg--0")
			r.left(d, e, f, g)
		})
}

// A session that was taken up comes back with its new secret only.
func TestCrashAfterASessionWasTakenUp(t *testing.T) {
	var token int
	acrossCrashes(t,
		func(r *rig) {
			a := r.connectKept("a")
			token = a.acquire(0, "x")
			r.left(a)
			b := r.connectKept("b")
			b.resume("a", holdX(token))
			b.expect(`{"type":"resumed","id":"bbbbbbbb--0","held":[0]}`)
			r.left(b)
		},
		func(r *rig) {
			c := r.connectKept("c")
			c.resume("a", holdX(token))
			c.expect(refusedTo("c"))
			d := r.connectKept("d")
			d.send(`{"type":"resume","id":"dddddddd--0","session":"aaaaaaaa",`+
				`"secret":"secret-of-bbbbbbbb",%s}`,
				holdX(token))
			d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
			r.left(c, d)
		})
}

// If two claim the same lock, the greater token is right.
func TestTwoClaimALock(t *testing.T) {
	var lesser, greater int
	acrossCrashes(t,
		func(r *rig) {
			a, b := r.connectKept("a"), r.connectKept("b")
			lesser = a.acquire(0, "x")
			a.acquire(1, "y")
			a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
			a.take()
			greater = b.acquire(0, "x")
			r.left(a, b)
		},
		func(r *rig) {
			c, d := r.connectKept("c"), r.connectKept("d")
			c.resume("a", holdX(lesser)) // it has not heard of its own release, and breaks the rules
			c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
			d.resume("b", holdX(greater))
			d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
			c.expect(`{"type":"lost","id":"aaaaaaaa--0","reason":"stolen","message":` +
				`"after a crash of the broker, another client has claimed the lock ` +
				`with a greater token"}`)
			r.left(c, d)
		})
}

// Sessions that cannot come back are forgotten when they have had no request for the session timeout. After a crash
// later than that, nobody waits for them.
func TestCrashAfterOthers(t *testing.T) {
	for name, since := range map[string]time.Duration{
		"too soon": 15*time.Second - 1, "late enough": 15 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			var token int
			acrossCrashes(t,
				func(r *rig) {
					a, b := r.connectKept("a"), r.connect("b")
					b.take()
					token = a.acquire(0, "x")
					b.acquire(0, "y")
					b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}]}`)
					b.send(`{"type":"release","id":"bbbbbbbb--0"}`)
					b.expect(`{"type":"released","id":"bbbbbbbb--0"}`)
					pass(20 * time.Second)
					b.send(`{"type":"cancel","id":"bbbbbbbb--1"}`)
					b.expect(`{"type":"cancelled","id":"bbbbbbbb--1"}`)
					pass(since)
					r.left(a, b)
				},
				func(r *rig) {
					c := r.connectKept("c")
					c.resume("a", holdX(token))
					c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
					c.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}]}`)
					if since < 15*time.Second {
						pass(15*time.Second - 1)
						c.expect()
						pass(1)
					}
					c.grantedToken("aaaaaaaa--1")
					r.left(c)
				})
		})
	}
}
