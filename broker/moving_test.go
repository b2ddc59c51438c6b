package broker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// inRuns calls each of runs with a rigged broker. All of them use one state directory, one after another. Each broker
// stops as on a signal.
func inRuns(t *testing.T, config broker.Config, runs ...func(r *rig)) {
	t.Helper()
	if config.StateDir == "" {
		config.StateDir = filepath.Join(t.TempDir(), "state")
	}
	synctest.Test(t, func(t *testing.T) {
		for _, run := range runs {
			serve(t, config, run)
		}
	})
}

// connectLasting connects a client that can take up its session, and returns it with its hello read.
func (r *rig) connectLasting(name, resume string) *peer {
	r.t.Helper()
	p := r.connectWith(name, "&resume="+resume)
	p.take()
	return p
}

// holdX states that request 0 holds x.
func holdX(token int) string {
	return fmt.Sprintf(`"held":[{"n":0,"token":%d,"locks":[{"name":"x"}]}]`, token)
}

// resume sends a statement on the first message of p about the session of another client.
func (p *peer) resume(of, statement string) {
	p.t.Helper()
	p.send(`{"type":"resume","id":"%s--0","session":"%s","secret":"secret-of-%s",%s}`,
		wiretest.Session(p.name), wiretest.Session(of), wiretest.Session(of), statement)
}

// firstToken returns a token that the broker has granted in the first frame of p.
func (p *peer) firstToken() (token int) {
	p.t.Helper()
	frames := p.take()
	if len(frames) != 1 {
		p.t.Fatalf("%s: got %q, want granted", p.name, frames)
	}
	format := `{"type":"granted","id":"` + wiretest.Session(p.name) + `--0","token":%d}`
	if _, err := fmt.Sscanf(frames[0], format, &token); err != nil {
		p.t.Fatalf("%s: got %q: %v", p.name, frames[0], err)
	}
	return token
}

// A planned restart with a state directory loses nothing: a holds x and b waits for it, and both go on with the next
// run. c, which asks for x there first, is behind b although it came before b was back.
func TestPlannedRestart(t *testing.T) {
	var token int
	var a, b *peer
	inRuns(t, broker.Config{},
		func(r *rig) {
			a, b = r.connectLasting("a", "moved"), r.connectLasting("b", "moved")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			token = a.firstToken()
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
			b.expect() // it waits
			r.server.Stop()
			for _, p := range []*peer{a, b} {
				p.expect(`{"type":"moving"}`)
				p.expectClose(1012, "the broker stops")
			}
		},
		func(r *rig) {
			c := r.connect("c")
			c.take()
			c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"x"}]}`)
			c.send(`{"type":"acquire","id":"cccccccc--1","locks":[{"name":"y"}]}`)
			frames := c.take() // y is free, and nobody waits until all are back
			if len(frames) != 1 {
				t.Fatalf("c got %q", frames)
			}
			d := r.connectLasting("d", "moved")
			d.resume("a", holdX(token))
			d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
			d.send(`{"type":"release","id":"aaaaaaaa--0"}`)
			d.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
			c.expect() // b is absent, and keeps its place
			e := r.connectLasting("e", "moved")
			e.resume("b", `"waiting":[{"n":0,"locks":[{"name":"x"}],"age_ms":0}]`)
			frames = e.take()
			if len(frames) != 2 || frames[0] != `{"type":"resumed","id":"eeeeeeee--0"}` {
				t.Fatalf("e got %q", frames)
			}
			var next int
			const format = `{"type":"granted","id":"bbbbbbbb--0","token":%d}`
			if _, err := fmt.Sscanf(frames[1], format, &next); err != nil || next <= token {
				t.Errorf("e got %q after token %d", frames[1], token)
			}
			c.expect()
			e.close()
			if frames := c.take(); len(frames) != 1 {
				t.Errorf("c got %q, want x", frames)
			}
			for _, p := range []*peer{c, d} {
				p.close()
			}
		})
}

// Who has not taken up its session when the session timeout has passed since the start of the next run has lost it.
func TestPlannedRestartAndNobodyComes(t *testing.T) {
	inRuns(t, broker.Config{},
		func(r *rig) {
			a := r.connectLasting("a", "moved")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.firstToken()
			r.server.Stop()
			a.expect(`{"type":"moving"}`)
			a.expectClose(1012, "the broker stops")
		},
		func(r *rig) {
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

// A snapshot that is damaged, or was used before, counts as an unclean end: nothing is granted for the session timeout.
func TestDamagedSnapshot(t *testing.T) {
	config := broker.Config{StateDir: filepath.Join(t.TempDir(), "state")}
	var token int
	inRuns(t, config,
		func(r *rig) {
			a := r.connectLasting("a", "moved")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			token = a.firstToken()
			r.server.Stop()
			a.expect(`{"type":"moving"}`)
			a.expectClose(1012, "the broker stops")
			damage(t, filepath.Join(config.StateDir, "snapshot"))
		},
		func(r *rig) {
			b := r.connectLasting("b", "moved")
			b.resume("a", holdX(token))
			b.expect(refusedTo("b"))
			b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"y"}]}`)
			pass(15*time.Second - 1)
			b.expect()
			pass(1)
			if frames := b.take(); len(frames) != 1 {
				t.Errorf("got %q", frames)
			}
			b.close()
		})
}

func damage(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A snapshot is used once. A run that ends without a stop leaves the clients of the runs before it with nothing.
func TestSnapshotIsUsedOnce(t *testing.T) {
	config := broker.Config{StateDir: filepath.Join(t.TempDir(), "state")}
	path := filepath.Join(config.StateDir, "snapshot")
	var old []byte
	inRuns(t, config,
		func(r *rig) {
			a := r.connectLasting("a", "moved")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.firstToken()
			r.server.Stop()
			a.expect(`{"type":"moving"}`)
			a.expectClose(1012, "the broker stops")
			var err error
			if old, err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		},
		func(*rig) {
			synctest.Wait() // it has reserved tokens
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("the snapshot is still there: %v", err)
			}
			if err := os.WriteFile(path, old, 0o600); err != nil { // as if it could not be removed
				t.Fatal(err)
			}
			pass(16 * time.Second) // nobody comes, so nothing is left
		},
		func(r *rig) {
			b := r.connect("b")
			b.take()
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
			b.firstToken() // at once: the second run has stopped cleanly
			b.close()
		})
}

// Clients that cannot take up their session are drained as always, and the others wait for that.
func TestPlannedRestartWithOldClients(t *testing.T) {
	var token int
	inRuns(t, broker.Config{Drain: 10 * time.Second},
		func(r *rig) {
			a, b, c := r.connectLasting("a", "moved"), r.connect("b"), r.connect("c")
			b.take()
			c.take()
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			token = a.firstToken()
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
			b.firstToken()
			c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"x"}]}`)
			stopped := make(chan struct{})
			go func() {
				r.server.Stop()
				close(stopped)
			}()
			synctest.Wait()
			a.expect()
			b.expect(`{"type":"draining","grace_ms":10000}`)
			c.expect(`{"type":"draining","grace_ms":10000}`,
				`{"type":"error","id":"cccccccc--0","code":"shutting_down",`+
					`"message":"the broker stops"}`)
			pass(time.Second)
			b.send(`{"type":"release","id":"bbbbbbbb--0"}`)
			<-stopped
			a.expect(`{"type":"moving"}`)
			b.expect(`{"type":"released","id":"bbbbbbbb--0"}`)
			a.expectClose(1012, "the broker stops")
			b.expectClose(1012, "the broker stops")
			c.expectClose(1012, "the broker stops")
		},
		func(r *rig) {
			d := r.connectLasting("d", "moved")
			d.resume("a", holdX(token))
			d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
			d.close()
		})
}
