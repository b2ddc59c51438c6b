package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// Answers are limited in bytes of JSON: to about 256 KiB for info, and 128 KiB for a chain.
func TestAnswersAreBoundedInBytes(t *testing.T) {
	const kib = 1 << 10
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.take()
		author := strings.Repeat("x", 250)
		for n := range 1000 {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"x"}],"author":%q}`, n, author)
		}
		a.take()
		a.send(`{"type":"info","id":"aaaaaaaa--1000","queue":10000}`)
		page := strings.Join(a.take(), "")
		if n := len(page); !strings.Contains(page, `"waiters_next"`) || n < 100*kib || n > 260*kib {
			t.Errorf("the page has %d bytes, and ends with %s", n, page[max(0, n-100):])
		}

		// Each request holds a lock, and its nested request waits for the next lock.
		for n := range 600 {
			name := fmt.Sprintf("%0500d", n)
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":%q}]}`, 2000+n, name)
		}
		for n := range 599 {
			name := fmt.Sprintf("%0500d", n+1)
			const nested = `{"type":"acquire","id":"aaaaaaaa--%d",` +
				`"locks":[{"name":%q}],"parent":"aaaaaaaa--%d"}`
			a.send(nested, 4000+n, name, 2000+n)
		}
		a.take()
		a.send(`{"type":"why","id":"aaaaaaaa--9000","request":"aaaaaaaa--4000"}`)
		chain := strings.Join(a.take(), "")
		if n := len(chain); n < 50*kib || n > 132*kib {
			t.Errorf("the chain has %d bytes, and begins with %.100s", n, chain)
		}
		a.close()
	})
}
