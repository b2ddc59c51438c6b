package broker_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// hello returns the hello of a broker with the given rest of a grace period.
func hello(session string, grace time.Duration) string {
	text := fmt.Sprintf(`{"type":"hello","protocol":1,"session":"%s","heartbeat_ms":5000,"timeout_ms":15000,`+
		`"limits":{"message_bytes":65536,"name_bytes":512,"author_bytes":256,"locks_per_request":64,"requests":100000}`,
		session)
	if grace > 0 {
		text += fmt.Sprintf(`,"grace_ms":%d,"not_granting":"grace"`, grace.Milliseconds())
	}
	return text + "}"
}

// grantedToken reads the next frame of p, which must grant the request with the given id. It
// returns the token.
func (p *peer) grantedToken(id string) (token int64) {
	p.t.Helper()
	frames := p.take()
	if len(frames) != 1 {
		p.t.Fatalf("%s: got %q, want a grant", p.name, frames)
	}
	granted, _ := codec.DecodeReply([]byte(frames[0]))
	if g, ok := granted.(*wire.Granted); ok && g.ID.String() == id {
		return g.Token
	}
	p.t.Fatalf("%s: got %s, want the grant of %s", p.name, frames[0], id)
	return 0
}

// After a clean stop, tokens continue above those of the last run, and locks are granted at once.
func TestTokensAfterACleanStop(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var last int64
		for range 3 {
			serve(t, broker.Config{StateDir: dir}, func(r *rig) {
				a := r.connect("a")
				a.expect(hello("aaaaaaaa", 0))
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
				token := a.grantedToken("aaaaaaaa--0")
				if token <= last || last > 0 && token > last+broker.TokenRange {
					t.Errorf("token %d after %d", token, last)
				}
				last = token
				a.close()
				synctest.Wait() // by now the loop knows that nothing is held
			})
		}
	})
}

// A stop while a lock is held is not clean, because its holder may be a stale holder. So the next
// run queues requests, and grants nothing until the session timeout of the last run has passed,
// whatever its own timeout is. The hello says so.
func TestGrace(t *testing.T) {
	dir := t.TempDir()
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		var last int64
		serve(t, broker.Config{StateDir: dir, Timeout: 30 * time.Second}, func(r *rig) {
			a := r.connect("a")
			a.take()
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			last = a.grantedToken("aaaaaaaa--0")
		})
		serve(t, broker.Config{StateDir: dir, Logger: log.logger()}, func(r *rig) {
			pass(10 * time.Second)
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 20*time.Second))
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"y"}],"wait_ms":0}`)
			a.expect(`{"type":"error","id":"aaaaaaaa--0","code":"not_granting","message":"nothing is granted now: clients of the last run may still hold their locks"}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}],"steal":true}`)
			a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"not_granting","message":"nothing is granted now: clients of the last run may still hold their locks"}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":"y"}]}`)
			pass(20*time.Second - 1)
			a.expect()
			pass(1)
			if token := a.grantedToken("aaaaaaaa--2"); token <= last {
				t.Errorf("token %d after %d", token, last)
			}
			a.close()
		})
	})
	if got := log.lines(`"level":"warn"`, `"grace":"30s"`, "did not stop cleanly"); len(got) != 1 {
		t.Errorf("the log does not mention the grace period: %q", log.lines(""))
	}
}

// If a run ends during its grace period, the next run has that whole period again, although nothing
// was held in between.
func TestGracePassesToTheNextRun(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		config := broker.Config{StateDir: dir, Timeout: 30 * time.Second}
		serve(t, config, func(r *rig) {
			a := r.connect("a")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.take()
		})
		config.Timeout = 15 * time.Second
		serve(t, config, func(*rig) { pass(29 * time.Second) })
		serve(t, config, func(r *rig) {
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 30*time.Second))
			a.close()
			pass(31 * time.Second)
		})
		serve(t, config, func(r *rig) { // the last run stopped cleanly
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 0))
			a.close()
		})
	})
}

// After the grace period, all waiting requests are granted in the order of their arrival. Others
// are served in between.
func TestManyWaitDuringTheGrace(t *testing.T) {
	const requests = 10_000
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		serve(t, broker.Config{StateDir: dir}, func(r *rig) {
			a := r.connect("a")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.take()
		})
		serve(t, broker.Config{StateDir: dir}, func(r *rig) {
			began := time.Now() // in virtual time, like the broker
			a := r.connect("a")
			for n := range requests {
				a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%d"}]}`, n, n)
			}
			a.take()
			pass(time.Until(began.Add(15 * time.Second))) // by then the reader has rested
			frames := a.take()
			if len(frames) == 0 || len(frames) == requests {
				t.Errorf("got %d frames at once, want the grants of some slices", len(frames))
			}
			pass(time.Millisecond)
			if frames = append(frames, a.take()...); len(frames) != requests {
				t.Fatalf("got %d frames, want %d grants", len(frames), requests)
			}
			for n, frame := range frames {
				if want := fmt.Sprintf(`{"type":"granted","id":"aaaaaaaa--%d",`,
					n); !strings.HasPrefix(frame, want) {
					t.Fatalf("got %s, want %s", frame, want)
				}
			}
			a.close()
		})
	})
}

// Tokens are reserved before they are given out. While reservations fail, grants continue up to the
// last reserved token. Then requests wait until a reservation succeeds.
func TestTokensCannotBeReserved(t *testing.T) {
	const ahead = 4
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Logger: log.logger(), Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		var full atomic.Bool
		var limit atomic.Int64
		b.RigTokens(1, ahead, func(next int64) error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			limit.Store(next)
			return nil
		})
		rigged(t, b, func(r *rig) {
			synctest.Wait() // the first four are reserved
			full.Store(true)
			a := r.connect("a")
			a.take()
			for n := range ahead {
				a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%d"}]}`, n, n)
				a.expect(fmt.Sprintf(`{"type":"granted","id":"aaaaaaaa--%d","token":%d}`, n, n+1))
			}
			a.send(`{"type":"acquire","id":"aaaaaaaa--4","locks":[{"name":"4"}]}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--5","locks":[{"name":"5"}],"wait_ms":0}`)
			a.expect(`{"type":"error","id":"aaaaaaaa--5","code":"not_granting","message":"nothing is granted now: fencing tokens cannot be reserved on the disk of the broker"}`)
			a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
			a.expect(`{"type":"released","id":"aaaaaaaa--0"}`)

			full.Store(false)
			pass(broker.ReserveRetry)
			a.expect(`{"type":"granted","id":"aaaaaaaa--4","token":5}`)
			if got := limit.Load(); got <= 5 {
				t.Errorf("token 5 was given out when only those below %d were reserved", got)
			}
			a.close()
		})
	})
	if got := log.lines(`"level":"error"`, "no space left on device"); len(got) == 0 {
		t.Error("the log does not say why nothing is granted")
	}
}

// If Run's context ends while the broker is already draining, the drain does not start again.
func TestDrainsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Drain: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		b.RigTokens(wire.MaxInteger, broker.TokenRange, nil)
		rigged(&runError{TB: t}, b, func(r *rig) {
			a := r.connect("a")
			a.take()
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":9007199254740991}`,
				`{"type":"draining","grace_ms":10000}`)
			pass(9 * time.Second)
			stopped := r.stopping()
			pass(time.Second - 1)
			a.expect()
			pass(1)
			a.expectClose(wire.CloseRestart, "the broker stops")
			<-stopped
		})
	})
}

// No token is greater than 2^53-1. After the last one, the broker drains and stops, and says why.
func TestLastToken(t *testing.T) {
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Drain: 10 * time.Second, Logger: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		b.RigTokens(wire.MaxInteger-1, broker.TokenRange, nil)
		end := &runError{TB: t}
		rigged(end, b, func(r *rig) {
			a := r.connect("a")
			a.take()
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}]}`)
			a.send(`{"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":"z"}]}`)
			a.expect(
				`{"type":"granted","id":"aaaaaaaa--0","token":9007199254740990}`,
				`{"type":"granted","id":"aaaaaaaa--1","token":9007199254740991}`,
				`{"type":"draining","grace_ms":10000}`,
				`{"type":"error","id":"aaaaaaaa--2","code":"shutting_down","message":"the broker stops"}`,
			)
			a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
			a.send(`{"type":"release","id":"aaaaaaaa--1"}`)
			a.expect(`{"type":"released","id":"aaaaaaaa--0"}`, `{"type":"released","id":"aaaaaaaa--1"}`)
			a.expectClose(wire.CloseRestart, "the broker stops")
		})
		if got := log.lines("nothing is granted until"); len(got) > 0 {
			t.Errorf("the log promises more tokens, but there are none: %q", got)
		}
		if !errors.Is(end.err, broker.ErrNoTokens) {
			t.Errorf("Run returned %v, want ErrNoTokens", end.err)
		}
	})
}

// A runError is a test that records the error of Run instead of failing.
type runError struct {
	testing.TB
	err error
}

// Errorf records the error of Run.
func (e *runError) Errorf(format string, args ...any) {
	if err, ok := args[0].(error); ok && format == "Run: %v" {
		e.err = err
		return
	}
	e.TB.Errorf(format, args...)
}

func TestStartWithoutTokens(t *testing.T) {
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b.RigTokens(wire.MaxInteger+1, broker.TokenRange, nil)
	if err := b.Run(t.Context()); !errors.Is(err, broker.ErrNoTokens) {
		t.Errorf("got %v, want ErrNoTokens", err)
	}
}

// Without a state directory, tokens start from the clock, and the log says what that means.
func TestTokensFromTheClock(t *testing.T) {
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Logger: log.logger(), Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now().UnixMicro()
		b.RigTokens(0, broker.TokenRange, nil)
		rigged(t, b, func(r *rig) {
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 0))
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			if got := a.grantedToken("aaaaaaaa--0"); got != start {
				t.Errorf("got token %d, want the microseconds of the clock, %d", got, start)
			}
			a.close()
		})
	})
	if got := log.lines("no state directory", "only if it is not set back", "stale holders"); len(got) != 1 {
		t.Errorf("the log does not say what that means: %q", log.lines(""))
	}
}
