package chromium_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A listing is the info of the broker, in the words of the page.
type listing struct {
	all      []wire.LockInfo
	locks    map[string]*wire.LockInfo
	requests map[string]wire.RequestInfo // by id; on one of their locks
}

func newListing(all []wire.LockInfo) listing {
	l := listing{all, make(map[string]*wire.LockInfo), make(map[string]wire.RequestInfo)}
	for i := range all {
		l.locks[all[i].Name] = &all[i]
		for _, r := range append(slices.Clone(all[i].Holders), all[i].Waiters...) {
			l.requests[r.ID.String()] = r
		}
	}
	return l
}

// list returns the rows of the list, by name.
func (l listing) list() [][]string {
	var rows [][]string
	for _, lock := range l.all {
		holder := "nobody"
		if n := len(lock.Holders); n > 0 {
			first := lock.Holders[0]
			holder = who(first)
			if first.Author != "" && first.Client != "" {
				holder += ", " + first.Client
			}
			if n > 1 {
				holder += " and " + count(n-1, "other")
			}
		}
		rows = append(rows, []string{lock.Name, holder, group(len(lock.Waiters))})
	}
	return byName(rows)
}

func byName(rows [][]string) [][]string {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return rows
}

// holders returns the rows of the holders of a lock.
func (l listing) holders(lock *wire.LockInfo, _ [][]string) (rows [][]string) {
	if lock == nil {
		return nil
	}
	for _, r := range lock.Holders {
		token := strconv.FormatInt(r.Token, 10)
		rows = append(rows, []string{who(r), r.ID.String(), client(r), mode(r), token, "Evict …"})
	}
	return rows
}

// waiters returns the rows of the waiters of a lock. The page may show what is around them a little longer.
func (l listing) waiters(lock *wire.LockInfo, shown [][]string) (rows [][]string) {
	if lock == nil {
		return nil
	}
	for i, r := range lock.Waiters {
		inside := ""
		if i < len(shown) {
			inside = shown[i][5]
		}
		place := strconv.Itoa(i + 1)
		rows = append(rows, []string{place, who(r), r.ID.String(), client(r), mode(r), l.parent(r, inside)})
	}
	return rows
}

// parent returns what is around a request: what the page shows if that has ended, because no change tells of its end.
func (l listing) parent(r wire.RequestInfo, shown string) string {
	if _, isLive := l.requests[shown]; shown != "" && !isLive {
		return shown
	}
	if r.Parent.IsZero() {
		return ""
	}
	return r.Parent.String()
}

// lead returns the sentence about a request.
func (l listing) lead(r wire.RequestInfo) string {
	what, verb := count(len(r.Locks), "lock"), "waits for"
	if r.Token != 0 {
		verb = "holds"
	}
	if len(r.Locks) > 1 {
		return fmt.Sprintf("%s %s %s.", who(r), verb, what)
	}
	lock := l.locks[r.Locks[0]]
	if r.Token != 0 {
		return fmt.Sprintf("%s holds %s.", who(r), lock.Name)
	}
	place := slices.IndexFunc(lock.Waiters, func(w wire.RequestInfo) bool { return w.ID == r.ID })
	if place == 0 {
		return fmt.Sprintf("%s waits for %s, first in its queue.", who(r), lock.Name)
	}
	return fmt.Sprintf("%s waits for %s, behind %s.", who(r), lock.Name, count(place, "other waiter"))
}

func who(r wire.RequestInfo) string {
	return cmp.Or(r.Author, r.Client, r.Identity, r.Remote, r.ID.String())
}

func client(r wire.RequestInfo) string {
	parts := slices.DeleteFunc([]string{r.Client, r.Identity, r.Remote}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

func mode(r wire.RequestInfo) string {
	if limit, ok := r.Limit.Get(); ok {
		return fmt.Sprintf("%v, at most %s", r.Mode, group(limit))
	}
	return r.Mode.String()
}

// group writes a number below a million with a comma between groups of three digits.
func group(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return group(n) + " " + noun
}
