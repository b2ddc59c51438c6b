package broker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// The audit log says who evicted or stole from whom, and why. It also records what was refused.
func TestAudit(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger()}, func(r *rig) {
		a, b, c := r.connect("a"), r.connect("b"), r.connect("c")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"},{"name":"y"}],"author":"backup"}`)
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"z"}]}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}],"author":"report"}`)
		b.take()
		for _, frame := range []string{
			`{"type":"evict","id":"cccccccc--0","request":"bbbbbbbb--1","message":"stuck\nsince noon"}`,
			`{"type":"evict","id":"cccccccc--1","request":"bbbbbbbb--1"}`,
			`{"type":"evict","id":"cccccccc--1","request":"bbbbbbbb--0"}`,
			`{"type":"acquire","id":"cccccccc--2","locks":[{"name":"x"},{"name":"z"}],"author":"repair","steal":true}`,
			`{"type":"acquire","id":"cccccccc--3","locks":[{"name":"new"}],"steal":true}`,
		} {
			c.send("%s", frame)
			synctest.Wait()
		}
		who := `{"level":"warn","session":"cccccccc","audit":true,"by":"c","remote":"192.0.2.3:1000",`
		expectLines(t, log.lines(`"audit":true`),
			who+`"request":"bbbbbbbb--1","why":"\"stuck\\nsince noon\"","victims":[`+
				`{"id":"bbbbbbbb--1","author":"report","locks":["x"],"held":false,"client":"b","remote":"192.0.2.2:1000"}],"victim_count":1,"message":"evict"}`,
			who+`"request":"bbbbbbbb--1","why":"","refused":"not_found","message":"evict refused"}`,
			who+`"request":"bbbbbbbb--0","why":"","refused":"bad_id","message":"evict refused"}`,
			who+`"request":"cccccccc--2","author":"repair","locks":["x","z"],"victims":[`+
				`{"id":"aaaaaaaa--0","author":"backup","locks":["x","y"],"held":true,"client":"a","remote":"192.0.2.1:1000"},`+
				`{"id":"bbbbbbbb--0","author":"","locks":["z"],"held":true,"client":"b","remote":"192.0.2.2:1000"}],"victim_count":2,"message":"steal"}`,
			who+`"request":"cccccccc--3","author":"","locks":["new"],"victims":[],"victim_count":0,"message":"steal"}`,
		)
		for _, p := range []*peer{a, b, c} {
			p.close()
		}
	})
}

// A steal that takes more than one slice is logged once it is complete, with the number of all its
// victims.
func TestAuditOfALongSteal(t *testing.T) {
	const holders = 600
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger()}, func(r *rig) {
		a, c := r.connect("a"), r.connect("c")
		for n := range holders {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"x","mode":"shared"}]}`, n)
			a.take()
		}
		c.take()
		c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"x"}],"steal":true}`)
		pass(time.Second)
		if got := log.lines(`"victim_count":600,"message":"steal"`); len(got) != 1 {
			t.Errorf("the log says %q", log.lines(`"audit":true`))
		}
		c.expect(`{"type":"granted","id":"cccccccc--0","token":601}`)
		a.close()
		c.close()
	})
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// When a session is cut off, the loop drops the messages that it has not handled yet, and the log
// does not mention them.
func TestEvictBySessionThatIsCutOff(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger()}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		b.take()
		garbage := strings.Repeat("x", 60_000)
		for range 2 * broker.OutboxBytes / len(garbage) {
			a.send(`{"type":"ping","id":"%s"}`, garbage) // answered with an error that repeats the id
		}
		a.send(`{"type":"evict","id":"aaaaaaaa--0","request":"bbbbbbbb--0"}`)
		pass(3 * broker.CloseWait)
		if got := log.lines(`"session":"aaaaaaaa"`, "session ended"); len(got) != 1 {
			t.Errorf("a has not ended: %q", got)
		}
		if got := log.lines("audit"); len(got) > 0 {
			t.Errorf("the log records what was not done: %q", got)
		}
		b.expect()
		b.close()
		_ = a.ws.Close()
	})
}
