package broker_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An identity without any permission to list learns nothing from info, watch and the requests of
// others: they do not exist.
func TestNothingToSee(t *testing.T) {
	withAccess(t, "holder ann", []string{"holder | ** | acquire", "ann | a | acquire"}, func(r *rig, k *keys) {
		h := r.connectAs("h", k, "holder")
		h.send(`{"type":"acquire","id":"hhhhhhhh--0","locks":[{"name":"a"},{"name":"secret"}]}`)
		h.take()
		a := r.connectAs("a", k, "ann")
		for _, test := range []struct{ send, want string }{
			{`{"type":"info","id":"aaaaaaaa--0"}`, "forbidden"},
			{`{"type":"watch","id":"aaaaaaaa--1"}`, "forbidden"},
			{`{"type":"why","id":"aaaaaaaa--2","request":"hhhhhhhh--0"}`, "not_found"},
			{`{"type":"why","id":"aaaaaaaa--3","request":"hhhhhhhh--9"}`, "not_found"},
			{`{"type":"evict","id":"aaaaaaaa--4","request":"hhhhhhhh--0"}`, "not_found"},
			{`{"type":"evict","id":"aaaaaaaa--5","request":"hhhhhhhh--9"}`, "not_found"},
		} {
			a.send("%s", test.send)
			if got := strings.Join(a.take(), ""); !strings.Contains(got, `"code":"`+test.want+`"`) {
				t.Errorf("%s: got %s, want %s", test.send, got, test.want)
			}
		}
		a.send(`{"type":"acquire","id":"aaaaaaaa--6","locks":[{"name":"a"}],"wait_ms":0}`)
		a.expect(`{"type":"error","id":"aaaaaaaa--6","code":"unavailable","message":"the locks are not free"}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--7","locks":[{"name":"a"}],"wait_ms":10}`)
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // virtual time
		a.expect(`{"type":"error","id":"aaaaaaaa--7","code":"timeout","message":"not granted within 10ms"}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--8","locks":[{"name":"a"}]}`)
		a.send(`{"type":"why","id":"aaaaaaaa--9","request":"aaaaaaaa--8"}`)
		a.expect(`{"type":"why","id":"aaaaaaaa--9","chain":[{"request":{"id":"aaaaaaaa--8",` +
			`"mode":"exclusive",` +
			`"locks":["a"],"duration_ms":0,"client":"a","remote":"192.0.2.1:1000",` +
			`"identity":"ann"},"lock":"a",` +
			`"blocker":{"hidden":true}}]}`)
	})
}

// A watch tells only what may be listed.
func TestWatchHides(t *testing.T) {
	withAccess(t, "holder ann", []string{"holder | ** | acquire", "ann | l/* | list"}, func(r *rig, k *keys) {
		a, h := r.connectAs("a", k, "ann"), r.connectAs("h", k, "holder")
		a.send(`{"type":"watch","id":"aaaaaaaa--0"}`)
		a.take()
		h.send(`{"type":"acquire","id":"hhhhhhhh--0","locks":[{"name":"secret"},{"name":"l/1"}]}`)
		h.send(`{"type":"acquire","id":"hhhhhhhh--1","locks":[{"name":"other"}],"parent":"hhhhhhhh--0"}`)
		h.take()
		a.expect(`{"type":"change","id":"aaaaaaaa--0","event":"granted","lock":"l/1",` +
			`"request":{"id":"hhhhhhhh--0",` +
			`"mode":"exclusive","token":1,"locks":["l/1"],"duration_ms":0,"client":"h",` +
			`"remote":"192.0.2.0:1000",` +
			`"identity":"holder","hidden":true}}`)
	})
}

// A refusal does not tell who has a hidden lock, even if that request has other locks that the client
// may list.
func TestHiddenHolder(t *testing.T) {
	rules := []string{"holder | ** | acquire", "ann | l/* | list", "ann | ** | acquire"}
	withAccess(t, "holder ann", rules, func(r *rig, k *keys) {
		a, h := r.connectAs("a", k, "ann"), r.connectAs("h", k, "holder")
		h.send(`{"type":"acquire","id":"hhhhhhhh--0","locks":[{"name":"secret"},{"name":"l/1"}]}`)
		h.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"secret"}],"wait_ms":0}`)
		a.expect(`{"type":"error","id":"aaaaaaaa--0","code":"unavailable","message":"the locks are not free"}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"l/1"}],"wait_ms":0}`)
		if got := a.take(); len(got) != 1 || !strings.Contains(got[0], `"locks":["l/1"]`) ||
			!strings.Contains(got[0], `"ahead":0`) {
			t.Errorf("got %s, want the holder of l/1", got)
		}
	})
}

// A client that loses a hidden lock to another one is not told which one. If it may list all locks of
// its request, it is told.
func TestHiddenStealer(t *testing.T) {
	rules := []string{"root | ** | acquire steal", "ann | ** | acquire", "ann | l/* | list"}
	withAccess(t, "root ann", rules, func(r *rig, k *keys) {
		a, root := r.connectAs("a", k, "ann"), r.connectAs("o", k, "root")
		for n, by := range []string{"", `,"by":"root"`} {
			lock := []string{"secret", "l/1"}[n]
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%s"}]}`, n, lock)
			a.take()
			root.send(`{"type":"acquire","id":"oooooooo--%d","locks":[{"name":"%s"}],"steal":true}`,
				n, lock)
			root.take()
			a.expect(fmt.Sprintf(`{"type":"lost","id":"aaaaaaaa--%d","reason":"stolen"%s}`, n, by))
		}
	})
}

// costlyRule lets ann list many locks, by globs that must all be compared with each name.
func costlyRule(globs int) string {
	var rule strings.Builder
	rule.WriteString("ann |")
	for i := range globs {
		rule.WriteString(fmt.Sprintf(" *%d*/a*", i))
	}
	return rule.String() + " l/** | list"
}

// Under a policy with very many globs, a page has few locks, because everybody waits while it is made.
// All pages together have all locks that may be listed.
func TestCostlyPolicy(t *testing.T) {
	const locks, pages = 40, 10
	rules := []string{"holder | ** | acquire", costlyRule(1000)}
	withAccess(t, "holder ann", rules, func(r *rig, k *keys) {
		a, h := r.connectAs("a", k, "ann"), r.connectAs("h", k, "holder")
		for n := range locks {
			h.send(`{"type":"acquire","id":"hhhhhhhh--%d","locks":[{"name":"l/%d"},{"name":"secret/%d"}]}`,
				n, n, n)
		}
		h.take()
		var listed []string
		after := int64(0)
		asked := 0
		for ; asked == 0 || after > 0; asked++ {
			a.send(`{"type":"info","id":"aaaaaaaa--%d","after":%d}`, asked, after)
			var page wire.InfoPage
			if err := json.Unmarshal([]byte(a.take()[0]), &page); err != nil {
				t.Fatal(err)
			}
			for _, lock := range page.Locks {
				listed = append(listed, lock.Name)
				want := []string{lock.Name}
				if got := lock.Holders; len(got) != 1 || !slices.Equal(got[0].Locks, want) {
					t.Errorf("%s: holders %v", lock.Name, got)
				}
			}
			after = page.Next
		}
		if len(listed) != locks || !slices.IsSorted(listed[:10]) {
			t.Errorf("listed %q", listed)
		}
		if asked < pages {
			t.Errorf("%d pages, want at least %d: one page takes too long", asked, pages)
		}
	})
}

// Watches of a client with a costly policy lag if very many names are in use, so that nobody has to wait
// for them. Names that have been checked before cost little.
func TestCostlyWatch(t *testing.T) {
	rules := []string{"holder | ** | acquire", costlyRule(1000)}
	withAccess(t, "holder ann", rules, func(r *rig, k *keys) {
		a, h := r.connectAs("a", k, "ann"), r.connectAs("h", k, "holder")
		a.send(`{"type":"watch","id":"aaaaaaaa--0"}`)
		a.take()
		n := 0
		use := func(lock string) {
			h.send(`{"type":"acquire","id":"hhhhhhhh--%d","locks":[{"name":"%s"}]}`, n, lock)
			h.send(`{"type":"release","id":"hhhhhhhh--%d"}`, n)
			h.take()
			n++
		}
		for range 200 {
			use("secret")
		}
		if got := a.take(); len(got) != 0 {
			t.Errorf("got %s: one name has used up the stock", got)
		}
		for i := range 200 {
			use(fmt.Sprintf("secret/%d", i))
		}
		a.expect(`{"type":"lagged","id":"aaaaaaaa--0"}`)
	})
}
