package chromium_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A viewer compares what the page shows with the info of the broker.
type viewer struct {
	page  *page
	world *world
	at    string // the fragment at which the page is while the next operation happens
}

// A sight is what one part of the page shows.
type sight struct {
	Hash, State, Title, Lead string
	List, Holders, Waiters   [][]string
	Counts, Locks            []string
	Facts                    map[string]string
}

// compare looks at the part of the page that is shown, and then at the list, a lock and a request.
func (v *viewer) compare() {
	t, w := v.page.t, v.world
	t.Helper()
	l := newListing(w.observer.info())
	lock, request := "#lock="+url.QueryEscape(w.name()), "#request="+v.someID().String()
	parts := []string{"", lock, request}
	w.Shuffle(3, func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	for _, s := range eval[[]sight](v.page, "look(...%s)", append([]string{v.at}, parts...)) {
		v.check(l, s)
	}
	v.at = parts[2]
	if t.Failed() {
		v.explain(l)
	}
}

// explain says whether the broker or the page has changed since the comparison.
func (v *viewer) explain(l listing) {
	t := v.page.t
	now := newListing(v.world.observer.info())
	if !reflect.DeepEqual(now.list(), l.list()) {
		t.Errorf("the broker has changed meanwhile: %q", now.list())
	}
	for id, r := range l.requests {
		if again, ok := now.requests[id]; !ok || again.Token != r.Token {
			t.Errorf("%s has changed at the broker", id)
		}
	}
	v.page.run("for (let i = 0; i < 200; i++) await new Promise((resolve) => setTimeout(resolve, 10))")
	t.Errorf("after two seconds the page shows %q", eval[[]sight](v.page, "look('')")[0].List)
}

// someID returns the id of a request that waits or holds, or, if there is none, of one that has ended.
func (v *viewer) someID() wire.ID {
	if requests := v.world.requests; len(requests) > 0 {
		return requests[v.world.IntN(len(requests))].id
	}
	return wire.ID{Session: "aaaaaaaa"}
}

func (v *viewer) check(l listing, s sight) {
	t := v.page.t
	t.Helper()
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s at %q: the page shows\n%q\nwant\n%q", what, s.Hash, got, want)
		}
	}
	same("the state", s.State, "Live: the broker answers and grants.")
	route, err := url.ParseQuery(strings.TrimPrefix(s.Hash, "#"))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case route.Has("lock"):
		lock := l.locks[route.Get("lock")]
		same("the title", s.Title, route.Get("lock"))
		same("the holders", s.Holders, l.holders(lock, s.Holders))
		same("the waiters", s.Waiters, l.waiters(lock, s.Waiters))
		if lock != nil {
			same("the counts", s.Counts[:2], []string{
				count(len(lock.Holders), "holder"), count(len(lock.Waiters), "waiter"),
			})
		}
	case route.Has("request"):
		v.checkRequest(l, s, route.Get("request"), same)
	default:
		same("the list", byName(s.List), l.list())
		for i := 1; i < len(s.List); i++ {
			if number(s.List[i-1][2]) < number(s.List[i][2]) {
				t.Errorf("the list is not sorted by waiters: %q", s.List)
			}
		}
	}
}

func (v *viewer) checkRequest(l listing, s sight, id string, same func(what string, got, want any)) {
	t := v.page.t
	t.Helper()
	r, isLive := l.requests[id]
	same("the title", s.Title, "Request "+id)
	if !isLive {
		isEnded := strings.HasPrefix(s.Lead, "This request has ended")
		if !isEnded && !strings.HasPrefix(s.Lead, "There is no such request") {
			t.Errorf("the page says of a request that has ended: %s", s.Lead)
		}
		return
	}
	same("what it does", s.Lead, l.lead(r))
	same("its locks", s.Locks, r.Locks)
	token := "none yet"
	if r.Token != 0 {
		token = strconv.FormatInt(r.Token, 10)
	}
	same("its token", s.Facts["Fencing token"], token)
	inside := s.Facts["Inside"]
	if inside == "no other request" {
		inside = ""
	}
	same("what it is inside", inside, l.parent(r, inside))
}

// number reads a count of the list.
func number(text string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	return n
}
