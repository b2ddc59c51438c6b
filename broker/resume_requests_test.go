package broker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// Watches and listings of others show what happens to the requests of an absent session.
func TestOthersSeeAbsence(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := absentStory(r)
		w := r.connect("w")
		w.send(`{"type":"watch","id":"wwwwwwww--0"}`)
		w.take()
		a.vanish()
		synctest.Wait()
		w.expect()
		w.send(`{"type":"info","id":"wwwwwwww--1"}`)
		if page := w.take(); len(page) != 1 || strings.Count(page[0], `"gone":true`) != 2 {
			t.Errorf("info says %q, want what a holds and what it waits for as gone", page)
		}
		c := r.connectLasting("c", "kept")
		c.resume("a", `"held":[]`)
		c.expect(`{"type":"resumed","id":"cccccccc--0"}`)
		var seen []string
		for _, frame := range w.take() {
			_, event, _ := strings.Cut(frame, `"event":"`)
			event, rest, _ := strings.Cut(event, `"`)
			_, id, _ := strings.Cut(rest, `"id":"`)
			id, _, _ = strings.Cut(id, `"`)
			seen = append(seen, event+" "+id)
		}
		want := []string{"released aaaaaaaa--0", "granted bbbbbbbb--1", "cancelled aaaaaaaa--1"}
		if !slices.Equal(seen, want) {
			t.Errorf("the watch has seen %q, want %q", seen, want)
		}
		for _, p := range []*peer{b, c, w} {
			p.close()
		}
	})
}

// statement returns the messages of a statement about very many requests of a. from is the number of the first one.
func manyStated(kind string, id, from, count int, more bool) string {
	stated := make([]string, count)
	for i := range stated {
		n, token := from+i, ""
		if kind == "held" {
			token = fmt.Sprintf(`"token":%d,`, n+1)
		}
		stated[i] = fmt.Sprintf(`{"n":%d,%s"locks":[{"name":"l%d"}]}`, n, token, n)
	}
	return fmt.Sprintf(`{"type":"resume","id":"cccccccc--%d","session":"aaaaaaaa","secret":"secret-of-aaaaaaaa",`+
		`"%s":[%s],"more":%t}`, id, kind, strings.Join(stated, ","), more)
}

// A session with 10,000 requests is taken up with all of them, and 5,000 more that the broker does not know. What its
// client sends as soon as it has the reply comes after those.
func TestTakeUpVeryMany(t *testing.T) {
	const many, missing, part = 10_000, 5_000, 1_000
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connectLasting("a", "kept")
		for n := range many {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"l%d"}]}`, n, n)
		}
		pass(time.Second)
		if got := len(a.take()); got != many {
			t.Fatalf("%d are granted", got)
		}
		a.vanish()
		synctest.Wait()
		c := r.dialWith("c", "&resume=kept")
		resumed, sent := make(chan int), make(chan struct{})
		go func() { // reads, and cancels the last request at once
			for {
				_, frame, err := c.ws.ReadMessage()
				if err != nil {
					return
				}
				if strings.HasPrefix(string(frame), `{"type":"resumed"`) {
					<-sent
					c.send(`{"type":"cancel","id":"aaaaaaaa--%d"}`, many+missing-1)
					resumed <- strings.Count(string(frame), ",")
				}
			}
		}()
		for at := 0; at < many; at += part {
			c.send("%s", manyStated("held", at/part, at, part, true))
		}
		for at := 0; at < missing; at += part {
			c.send("%s", manyStated("waiting", (many+at)/part, many+at, part, at+part < missing))
		}
		close(sent)
		if held := <-resumed; held < many {
			t.Errorf("only %d are told as held", held)
		}
		pass(time.Second)
		info := r.connect("i")
		info.take()
		for _, n := range []int{0, many - 1, many, many + missing - 2, many + missing - 1} {
			info.send(`{"type":"info","id":"iiiiiiii--%d","match":"l%d"}`, n, n)
			want := n < many+missing-1
			if page := info.take(); len(page) != 1 || strings.Contains(page[0], "aaaaaaaa--") != want {
				t.Errorf("is l%d held by a? got %q, want %t", n, page, want)
			}
		}
		info.close()
		c.close()
	})
}

// A statement is bounded by what may be true. It takes memory, so somebody could fill that of the broker.
func TestTooLongAStatement(t *testing.T) {
	inBubble(t, broker.Config{Quota: broker.Quota{Requests: 2000}}, func(r *rig) {
		a, b := absentStory(r)
		a.vanish()
		synctest.Wait()
		c := r.connectLasting("c", "kept")
		for id := range 3 {
			c.send("%s", manyStated("waiting", id, 1000*id+2, 1000, id < 2))
		}
		c.expect(`{"type":"not_resumed","id":"cccccccc--2","message":"the statement is too long"}`)
		d := r.connectLasting("d", "kept")
		d.expectTaken()
		for _, p := range []*peer{b, c, d} {
			p.close()
		}
	})
}

// What a session has counts for the address of its newest connection, even beyond its limit.
func TestResumeFromAnotherAddress(t *testing.T) {
	inBubble(t, broker.Config{Quota: broker.Quota{Requests: 20}}, func(r *rig) {
		a, c := r.connectLasting("a", "kept"), r.connect("c")
		c.take()
		var stated []string
		for n := range 20 {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"a%d"}]}`, n, n)
			stated = append(stated, fmt.Sprintf(`{"n":%d,"token":%d,"locks":[{"name":"a%d"}]}`, n, n+1, n))
		}
		a.take()
		for n := range 20 {
			c.send(`{"type":"acquire","id":"cccccccc--%d","locks":[{"name":"c%d"}]}`, n, n)
		}
		c.take()
		a.vanish()
		synctest.Wait()
		d := r.connectFrom("d", "c", "&resume=kept")
		d.take()
		d.resume("a", `"held":[`+strings.Join(stated, ",")+`]`)
		if got := d.take(); len(got) != 1 || !strings.HasPrefix(got[0], `{"type":"resumed"`) {
			t.Fatalf("got %q", got)
		}
		d.send(`{"type":"acquire","id":"aaaaaaaa--20","locks":[{"name":"d"}]}`)
		const refused = "this address already has 40 requests, and may have 20"
		if got := d.take(); len(got) != 1 || !strings.Contains(got[0], refused) {
			t.Errorf("got %q", got)
		}
		e := r.connectFrom("e", "a", "") // the old address has nothing any more
		e.take()
		for n := range 20 {
			e.send(`{"type":"acquire","id":"eeeeeeee--%d","locks":[{"name":"e%d"}]}`, n, n)
		}
		if got := e.take(); len(got) != 20 || strings.Contains(strings.Join(got, ""), "too_many") {
			t.Errorf("got %q", got)
		}
		for _, p := range []*peer{c, d, e} {
			p.close()
		}
	})
}

// A steal that is under way when its session is taken up ends. It has ended some holders, or all, or none.
func TestTakeUpWhileStealing(t *testing.T) {
	const many = 5000
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connectLasting("a", "kept"), r.connect("b")
		b.take()
		for n := range many {
			b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"x","mode":"shared"}]}`, n)
		}
		pass(time.Second)
		b.take()
		c := r.connectLasting("c", "kept")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"y"}]}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"x"}],"steal":true}`)
		c.resume("a", fmt.Sprintf(`"held":[{"n":0,"token":%d,"locks":[{"name":"y"}]}]`, many+1))
		got := c.take()
		if len(got) != 1 || !strings.Contains(got[0], `resumed"`) { // refused if the statement came first
			t.Fatalf("got %q", got)
		}
		synctest.Wait()
		c.close()
		b.close()
	})
}
