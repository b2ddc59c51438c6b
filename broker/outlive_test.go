package broker_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
)

// These tests are about what an attack on sessions that outlive their connection has found.

// A session on record that is ended against its will is struck off first. Its locks then go to others when they would
// go without a record: at once if its client has noticed the end, else after the session timeout.
func TestEndOfARecordedSession(t *testing.T) {
	for name, noticed := range map[string]bool{"noticed": true, "not noticed": false} {
		t.Run(name, func(t *testing.T) {
			inRuns(t, broker.Config{}, func(r *rig) {
				a := r.dialWith("a", "&resume=kept") // does not answer close frames
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
				synctest.Wait()
				_ = a.ws.WriteMessage(websocket.BinaryMessage, []byte("{}"))
				synctest.Wait()
				if noticed {
					a.vanish()
				}
				b := r.connect("b")
				b.take()
				b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
				if !noticed {
					b.expect()
					pass(15 * time.Second)
				}
				b.firstToken()
				b.close()
				if !noticed {
					a.vanish()
				}
			})
		})
	}
}

// Locks that are kept after the end of a session are in no snapshot. So they are held at the end of the run, and the
// next one waits.
func TestPlannedRestartWithKeptLocks(t *testing.T) {
	inRuns(t, broker.Config{}, func(r *rig) {
		a := r.dialWith("a", "&resume=moved") // does not answer close frames
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		_ = a.ws.WriteMessage(websocket.BinaryMessage, []byte("{}")) // a breach: the locks are kept
		synctest.Wait()
		c := r.connectLasting("c", "moved")
		c.acquire(0, "y")
		r.server.Stop()
		c.expect(`{"type":"moving"}`)
		c.expectClose(1012, "the broker stops")
		a.vanish()
	}, func(r *rig) {
		b := r.connect("b")
		b.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(15*time.Second - 1)
		b.expect()
		pass(1)
		b.firstToken()
		b.close()
	})
}

// Sessions that go on from the last run, and that cannot come back after a crash, are others for the record.
func TestCrashAfterAPlannedRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	run := crashRun{t, dir}
	inRuns(t, broker.Config{StateDir: dir}, func(r *rig) {
		a := r.connectLasting("a", "moved")
		a.acquire(0, "x")
		r.server.Stop()
		a.expect(`{"type":"moving"}`)
		a.expectClose(1012, "the broker stops")
	})
	synctest.Test(t, func(t *testing.T) {
		var token int
		run.one(t, func(r *rig) {
			b := r.connectLasting("b", "kept")
			token = b.acquire(0, "y")
			r.left(b)
		})
		run.one(t, func(r *rig) {
			c := r.connectLasting("c", "kept")
			c.send(`{"type":"resume","id":"cccccccc--0","session":"bbbbbbbb",`+
				`"secret":"secret-of-bbbbbbbb",`+
				`"held":[{"n":0,"token":%d,"locks":[{"name":"y"}]}]}`, token)
			c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
			c.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}]}`)
			pass(15*time.Second - 1)
			c.expect() // a may hold x by its lease
			pass(1)
			c.grantedToken("bbbbbbbb--1")
			r.left(c)
		})
	})
}

// A client may not have got the word that its session goes on. So its locks are not free when the connection breaks
// before it has sent anything, and it can try again.
func TestTheReplyToResumeIsLost(t *testing.T) {
	var token int
	inRuns(t, broker.Config{}, func(r *rig) {
		a := r.connectLasting("a", "moved")
		token = a.acquire(0, "x")
		r.server.Stop()
		a.expect(`{"type":"moving"}`)
		a.expectClose(1012, "the broker stops")
	}, func(r *rig) {
		c := r.connect("c")
		c.take()
		c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"x"}]}`)
		e := r.dialWith("e", "&resume=moved") // reads nothing
		e.resume("a", holdX(token))
		synctest.Wait()
		e.vanish()
		c.expect()
		f := r.connectLasting("f", "moved")
		f.send(`{"type":"resume","id":"ffffffff--0","session":"aaaaaaaa","secret":"secret-of-aaaaaaaa",`+
			`"tried":["secret-of-eeeeeeee"],%s}`, holdX(token))
		f.expect(`{"type":"resumed","id":"ffffffff--0","held":[0]}`)
		f.send(`{"type":"ping","id":"aaaaaaaa--1"}`)
		f.expect(`{"type":"pong","id":"aaaaaaaa--1"}`)
		f.vanish() // now the client knows, so its kernel counts as always
		c.firstToken()
		c.close()
	})
}

// A session that has come back after a crash outlives the run like any other.
func TestPlannedRestartAfterACrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	run := crashRun{t, dir}
	var token int
	synctest.Test(t, func(t *testing.T) {
		run.one(t, func(r *rig) {
			a := r.connectLasting("a", "kept")
			token = a.acquire(0, "x")
			r.left(a)
		})
	})
	inRuns(t, broker.Config{StateDir: dir}, func(r *rig) {
		b := r.connectLasting("b", "kept")
		b.resume("a", holdX(token))
		b.expect(`{"type":"resumed","id":"bbbbbbbb--0","held":[0]}`)
		r.server.Stop()
		b.expect(`{"type":"moving"}`)
		b.expectClose(1012, "the broker stops")
	})
}

// A session without requests cannot be taken up, and leaves nothing behind.
func TestNothingToTakeUp(t *testing.T) {
	inRuns(t, broker.Config{}, func(r *rig) {
		a, b := r.connectLasting("a", "kept"), r.connectLasting("b", "kept")
		b.resume("a", `"held":[]`)
		a.expectClose(1008, "taken up")
		if frames := b.take(); len(frames) != 1 {
			t.Errorf("got %q", frames)
		}
		b.close()
		synctest.Wait()
		if n := r.broker.Absences(); n != 0 {
			t.Errorf("%d absences are left", n)
		}
	})
}

// An older waiter that comes back late, after a crash and a planned restart within the grace period, is put in its
// place everywhere. Otherwise two waiters could wait for each other at free locks.
func TestOrderAfterACrashAndAPlannedRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	run := crashRun{t, dir}
	ask := func(p *peer, locks string) {
		p.send(`{"type":"acquire","id":"%s--0","locks":[%s]}`, sessionOf(p), locks)
		synctest.Wait()
	}
	synctest.Test(t, func(t *testing.T) {
		run.one(t, func(r *rig) {
			a, b, c := r.connectKept("a"), r.connectKept("b"), r.connectKept("c")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"},{"name":"y"}]}`)
			a.take()
			ask(b, `{"name":"x"},{"name":"y"}`)
			ask(c, `{"name":"y"}`)
			r.left(a, b, c)
		})
	})
	inRuns(t, broker.Config{StateDir: dir}, func(r *rig) {
		d := r.connectLasting("d", "moved")
		ask(d, `{"name":"x"}`)
		r.server.Stop()
		d.expect(`{"type":"moving"}`)
		d.expectClose(1012, "the broker stops")
	}, func(r *rig) {
		e, f := r.connectKept("e"), r.connectKept("f")
		e.resume("c", `"waiting":[{"n":0,"locks":[{"name":"y"}],"age_ms":1000}]`)
		f.resume("b", `"waiting":[{"n":0,"locks":[{"name":"x"},{"name":"y"}],"age_ms":2000}]`)
		f.take()
		pass(16 * time.Second)
		f.grantedToken("bbbbbbbb--0")
		f.close()
		e.take()
		e.close()
	})
}
