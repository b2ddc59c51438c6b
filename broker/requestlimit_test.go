package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// The total of unsent bytes is limited even if no session sends anything to the loop.
func TestUnsentPongsCount(t *testing.T) {
	inBubble(t, broker.Config{MaxDue: 2 << 20}, func(r *rig) {
		var bad []*peer
		for i := range 4 {
			bad = append(bad, r.dial(string(rune('c'+i))))
		}
		for _, p := range bad {
			go func() {
				for n := range 20_000 { // 4 MB, as the broker counts them
					_ = p.ws.WriteMessage(1, fmt.Appendf(nil, `{"type":"ping","id":"%s--%d"}`,
						strings.Repeat(p.name, 8), n))
				}
			}()
		}
		pass(2 * time.Second)
		if due := r.broker.Due(); due > 3<<20 {
			t.Errorf("%d bytes are unsent, want about 2 MiB at most", due)
		}
		for _, p := range bad {
			_ = p.ws.Close()
		}
	})
}

// One address may have at most half of the requests, even after the sessions that made them have
// ended.
func TestOneAddressGetsHalfOfTheRequests(t *testing.T) {
	inBubble(t, broker.Config{MaxRequests: 200}, func(r *rig) {
		granted := 0
		for _, name := range []string{"d", "e", "f", "g"} /* of one address */ {
			p := r.connect(name)
			p.take()
			for n := range 100 {
				p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s-%d"}]}`,
					strings.Repeat(name, 8), n, name, n)
			}
			for _, f := range p.take() {
				if strings.Contains(f, `"granted"`) {
					granted++
				}
			}
			p.sendClose(1001, "") // its locks are kept
			synctest.Wait()
			defer func() { _ = p.ws.Close() }()
		}
		if most := 100 + 3*16; granted > most {
			t.Errorf("%d requests of one address were granted, want at most %d", granted, most)
		}
	})
}

// A steal counts like any other request. Otherwise steals of free locks could use up all memory.
func TestStealsCountToo(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{MaxRequests: 40, Logger: log.logger()}, func(r *rig) {
		a := r.connect("a")
		a.take()
		const many = 60
		for n := range many {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%d"}],"steal":true}`, n, n)
		}
		frames := a.take()
		if len(frames) != many {
			t.Fatalf("got %d answers to %d steals", len(frames), many)
		}
		for n, f := range frames {
			if granted := strings.Contains(f, `"granted"`); granted != (n < 20) {
				t.Errorf("steal %d: got %s, want 20 grants", n, f)
			}
			if n >= 20 && !strings.Contains(f, `"too_many"`) {
				t.Errorf("steal %d: got %s, want too_many", n, f)
			}
		}
		a.close()
	})
	if got := log.lines(`"audit":true`, `"refused":"too_many"`); len(got) != 40 {
		t.Errorf("%d refused steals are in the log, want 40", len(got))
	}
}
