package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
)

// A brake stops the loop. It works because at debug level the loop writes a log line for each
// event, and waits until it is written.
type brake struct{ on, off chan struct{} }

func newBrake() *brake { return &brake{on: make(chan struct{}), off: make(chan struct{})} }

func (b *brake) logger() zerolog.Logger { return zerolog.New(b).Level(zerolog.DebugLevel) }

// Write blocks on the line that says that a certain session was granted a lock.
func (b *brake) Write(line []byte) (int, error) {
	if strings.Contains(string(line), `"request":"zzzzzzzz--0","event":"granted"`) {
		<-b.on
		<-b.off
	}
	return len(line), nil
}

// withBrake runs f in a bubble, with a broker whose loop can be stopped.
func withBrake(t *testing.T, f func(r *rig, brake *brake)) {
	synctest.Test(t, func(t *testing.T) {
		brake := newBrake()
		serve(t, broker.Config{Logger: brake.logger()}, func(r *rig) { f(r, brake) })
	})
}

// stop stops the loop until the returned function is called.
func (b *brake) stop(r *rig) (release func()) {
	z := r.connect("z")
	z.take()
	z.send(`{"type":"acquire","id":"zzzzzzzz--0","locks":[{"name":"brake"}]}`)
	b.on <- struct{}{}
	return func() {
		b.off <- struct{}{}
		synctest.Wait()
		z.vanish()
	}
}

// Pings are answered while the loop is busy. A client whose pings are answered keeps its locks,
// however long the loop is busy.
func TestPingsDoNotWaitForTheLoop(t *testing.T) {
	withBrake(t, func(r *rig, brake *brake) {
		a := r.connect("a")
		a.take()
		release := brake.stop(r)
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		for n := range 19 { // almost a minute, after which the watchdog would end the process
			a.send(`{"type":"ping","id":"aaaaaaaa--%d"}`, n+1)
			a.expect(fmt.Sprintf(`{"type":"pong","id":"aaaaaaaa--%d"}`, n+1))
			pass(3e9)
		}
		a.send(`{"type":"ping","id":"aaaaaaaa--19"}`) // the ids of pings are checked as well
		a.expect()
		release()
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":2}`,
			`{"type":"error","id":"aaaaaaaa--19","code":"bad_id",`+
				`"message":"want aaaaaaaa--n with n greater than 19"}`)
		a.close()
	})
}

// Sessions take turns. A session with few requests does not have to wait for everything that
// another session sent earlier, nor for everything that many sessions of one address have sent.
func TestFloodsDoNotJumpTheQueue(t *testing.T) {
	withBrake(t, func(r *rig, brake *brake) {
		var flood []*peer
		for i := range 10 {
			flood = append(flood, r.connect(string(rune('b'+i))))
			flood[i].take()
		}
		a := r.connect("a")
		a.take()
		release := brake.stop(r)
		for _, p := range flood {
			for n := range 30 {
				p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s-%d"}]}`,
					strings.Repeat(p.name, 8), n, p.name, n)
			}
		}
		synctest.Wait()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		release()
		// Each other address has had at most one turn, of about five requests.
		if token := a.grantedToken("aaaaaaaa--0"); token > 10*6 {
			t.Errorf("a was granted its lock after %d others, want within one round", token-2)
		}
		for _, p := range append(flood, a) {
			p.close()
		}
	})
}

// A message that frees a lock is handled before other messages that arrived earlier.
func TestReleaseComesFirst(t *testing.T) {
	withBrake(t, func(r *rig, brake *brake) {
		a, b, c := r.connect("a"), r.connect("b"), r.connect("c")
		a.take()
		c.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		release := brake.stop(r)
		for n := range 30 {
			c.send(`{"type":"acquire","id":"cccccccc--%d","locks":[{"name":"c-%d"}]}`, n, n)
		}
		synctest.Wait()
		b.send(`{"type":"release","id":"bbbbbbbb--0"}`)
		synctest.Wait()
		release()
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":3}`)
		for _, p := range []*peer{a, b, c} {
			p.close()
		}
	})
}

// The backlog of a session is limited. When it is full, the reader stops reading, and the client's
// writes block. In the end everything is handled.
func TestReaderWaitsForTheLoop(t *testing.T) {
	withBrake(t, func(r *rig, brake *brake) {
		a := r.connect("a")
		a.take()
		release := brake.stop(r)
		sent := 0
		written := make(chan int)
		go func() {
			for n := range 5000 {
				a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"a-%d"}]}`, n, n)
				written <- n
			}
			close(written)
		}()
		for waiting := false; !waiting; {
			synctest.Wait()
			select {
			case <-written:
				sent++
			default:
				waiting = true
			}
		}
		if sent > 2000 {
			t.Errorf("the client could send %d requests while the loop handled none", sent)
		}
		release()
		for range written {
		}
		pass(1e9)
		if got := len(a.take()); got != 5000 {
			t.Errorf("got %d answers, want one to each of 5000", got)
		}
		a.close()
	})
}

// When too much is unsent in total, the broker cuts off the client with the most, of the address
// with the most. Clients that read notice nothing.
func TestSlowestClientIsCutOff(t *testing.T) {
	const most = 4 << 20
	inBubble(t, broker.Config{MaxDue: most}, func(r *rig) {
		good := r.connect("a")
		good.take()
		var bad []*peer
		garbage := strings.Repeat("x", 60_000)
		for i := range 6 { // each leaves 1.2 to 1.8 MB unread, less than one client may
			p := r.dial(string(rune('c' + i)))
			bad = append(bad, p)
			for range 20 + 2*i {
				// answered with an error that repeats the id
				p.send(`{"type":"ping","id":"%s"}`, garbage)
				pass(time.Millisecond)
			}
			good.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"y-%d"}]}`, i, i)
			good.expect(fmt.Sprintf(`{"type":"granted","id":"aaaaaaaa--%d","token":%d}`, i, i+1))
		}
		var cut []string
		for _, p := range bad {
			p.read()
			p.take()
			select {
			case <-p.ended:
				cut = append(cut, p.name)
			default:
			}
		}
		// When the total becomes too high for the first time, the third client has the most
		// unsent bytes, and so on.
		if got := strings.Join(cut, " "); len(cut) < 2 || len(cut) > 4 || strings.Contains(got, "c") {
			t.Errorf("cut off: %s, want those with the most unsent bytes", got)
		}
		for _, p := range append(bad, good) {
			_ = p.ws.Close()
		}
	})
}

// The number of pages on their way is limited, and one address may have half of them. Other
// sessions wait, and get their pages when a page has been sent.
func TestMaxPages(t *testing.T) {
	inBubble(t, broker.Config{MaxPages: 2}, func(r *rig) {
		a, b, c := r.dial("a"), r.dial("b"), r.connect("c")
		c.take()
		for n := range 1000 {
			c.send(`{"type":"acquire","id":"cccccccc--%d","locks":[{"name":"x"}],"author":"%0256d"}`, n, n)
		}
		c.take()
		for _, p := range []*peer{a, b} {
			p.send(`{"type":"info","id":"%s--0","queue":10000}`, strings.Repeat(p.name, 8))
			synctest.Wait()
		}
		c.send(`{"type":"info","id":"cccccccc--2000","match":"none"}`)
		// waits behind the page, in order
		c.send(`{"type":"acquire","id":"cccccccc--2001","locks":[{"name":"y"}]}`)
		c.expect()
		d := r.connect("d")
		d.take()
		d.send(`{"type":"acquire","id":"dddddddd--0","locks":[{"name":"z"}]}`) // no other session waits
		d.expect(`{"type":"granted","id":"dddddddd--0","token":2}`)
		a.read()
		a.take()
		c.expect(`{"type":"info","id":"cccccccc--2000","locks":[]}`,
			`{"type":"granted","id":"cccccccc--2001","token":3}`)
		b.read()
		for _, p := range []*peer{a, b, c, d} {
			p.close()
		}
	})
}

// The number of watches is limited, and one address may have half of them. The first two of a
// session are never refused.
func TestMaxWatches(t *testing.T) {
	inBubble(t, broker.Config{MaxWatches: 10}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		a.take()
		b.take()
		refused := func(p *peer) (n int) {
			for i := range 8 {
				p.send(`{"type":"watch","id":"%s--%d"}`, strings.Repeat(p.name, 8), i)
			}
			for _, frame := range p.take() {
				if strings.Contains(frame, `"code":"too_many"`) {
					n++
				}
			}
			return n
		}
		if got := refused(a); got != 3 {
			t.Errorf("%d watches of a were refused, want 3: one address has half of 10", got)
		}
		if got := refused(b); got != 3 {
			t.Errorf("%d watches of b were refused, want 3", got)
		}
		c := r.connect("c")
		c.take()
		if got := refused(c); got != 6 {
			t.Errorf("%d watches of c were refused, want 6: two are always allowed", got)
		}
		for _, p := range []*peer{a, b, c} {
			p.close()
		}
	})
}

// The number of requests is limited, and one address may have half of them. Requests with long
// names count for more. The first 16 of a session are never refused, so nobody is locked out.
func TestMaxRequests(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{MaxRequests: 100, Logger: log.logger()}, func(r *rig) {
		ask := func(p *peer, first, n int, name string) (refused int) {
			for i := first; i < first+n; i++ {
				p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s%s%03d"}]}`,
					strings.Repeat(p.name, 8), i, name, p.name, i)
			}
			pass(1e6)
			for _, frame := range p.take() {
				if strings.Contains(frame, `"code":"too_many"`) {
					refused++
				}
			}
			return refused
		}
		a, b, c, d := r.connect("a"), r.connect("b"), r.connect("c"), r.connect("d")
		if got := ask(a, 0, 60, ""); got != 10 {
			t.Errorf("%d of 60 requests of a were refused, want 10: one address has half of 100", got)
		}
		if got := ask(b, 0, 10, ""); got != 0 {
			t.Errorf("%d of 10 requests of b were refused", got)
		}
		if got := ask(c, 0, 30, strings.Repeat("x", 256)); got != 10 {
			t.Errorf("%d of 30 requests of c were refused, want 10: long names count twice", got)
		}
		if got := ask(d, 0, 20, ""); got != 4 {
			t.Errorf("%d of 20 requests of d were refused, want 4: all but the first 16", got)
		}
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.take()
		if got := ask(b, 10, 20, ""); got != 20-6 {
			t.Errorf("%d of 20 more requests of b were refused, want all beyond its first 16", got)
		}
		a.vanish()
		pass(1e9)
		if got := ask(b, 100, 20, ""); got != 0 {
			t.Errorf("%d of 20 requests of b were refused after a had ended", got)
		}
		if got := log.lines(`"limit":"requests of one identity or address"`); len(got) == 0 {
			t.Error("the log says nothing")
		}
		for _, p := range []*peer{b, c, d} {
			p.close()
		}
	})
}

// A long search for a deadlock is done in slices, and others are served in between. A session whose
// next message would change what the search has seen is held back until the search has ended. Then
// all get their answers.
func TestSearchInSlices(t *testing.T) {
	const waiters = 60_000
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b, c, d := r.connect("a"), r.connect("b"), r.connect("c"), r.connect("d")
		for _, p := range []*peer{a, b, d} {
			p.take()
		}
		c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"queue"}]}`)
		c.take()
		for n := range waiters {
			b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"queue"}]}`, n)
		}
		pass(time.Second)
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"own"}]}`)
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":2}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"queue"}],"parent":"aaaaaaaa--0"}`)
		a.send(`{"type":"release","id":"aaaaaaaa--1"}`) // behind the search, in order
		a.expect()                                      // the search is not complete
		c.send(`{"type":"release","id":"cccccccc--0"}`)
		d.send(`{"type":"acquire","id":"dddddddd--0","locks":[{"name":"other"}]}`)
		d.expect(`{"type":"granted","id":"dddddddd--0","token":3}`)
		c.expect()
		pass(time.Second)
		a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"not_held",` +
			`"message":"release of a request that is not held"}`)
		c.expect(`{"type":"released","id":"cccccccc--0"}`)
		b.expect(`{"type":"granted","id":"bbbbbbbb--0","token":4}`)
		for _, p := range []*peer{a, b, c, d} {
			p.close()
		}
	})
}
