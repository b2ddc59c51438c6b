package wsclient

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// In these tests requests are named by their numbers in session s, and a lock is written as "a: 1 2 (3) | 4 5 (9)".
// That means that 1 and 2 hold a, with 3 holders in all, and that 4 and 5 are the first of 9 waiters.

func sketch(locks []wire.LockInfo) string {
	var lines []string
	for _, l := range locks {
		text := l.Name + ":" + sketchQueue(l.Holders, l.Holding) + " |" + sketchQueue(l.Waiters, l.Waiting)
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

func sketchQueue(requests []wire.RequestInfo, all int) string {
	var text strings.Builder
	for _, r := range requests {
		text.WriteString(fmt.Sprintf(" %d", r.ID.N))
	}
	if all != len(requests) {
		text.WriteString(fmt.Sprintf(" (%d)", all))
	}
	return text.String()
}

func numbered(n int64) wire.RequestInfo {
	return wire.RequestInfo{ID: wire.ID{Session: "s", N: n}, Mode: wire.Exclusive}
}

// listed returns lock a as a page lists it.
func listed(holding, waiting int, holders, waiters []int64) wire.LockInfo {
	l := wire.LockInfo{Name: "a", Seq: 1, Holding: holding, Waiting: waiting}
	for _, n := range holders {
		r := numbered(n)
		r.Token = n
		l.Holders = append(l.Holders, r)
	}
	for _, n := range waiters {
		l.Waiters = append(l.Waiters, numbered(n))
	}
	return l
}

// change reads "granted 3", "granted 3 shared", "lost 3 held", and the like.
func change(text string) *wire.Change {
	words := strings.Fields(text)
	c := &wire.Change{Event: wire.Event(words[0]), Lock: "a", Request: numbered(0)}
	_, _ = fmt.Sscan(words[1], &c.Request.ID.N)
	for _, word := range words[2:] {
		switch word {
		case "shared":
			c.Request.Mode = wire.Shared
		case "held":
			c.Request.Token = c.Request.ID.N
		}
	}
	if c.Event == "granted" {
		c.Request.Token = c.Request.ID.N
	}
	return c
}

// A change updates the view of its lock.
func TestApply(t *testing.T) {
	whole := listed(2, 2, []int64{1, 2}, []int64{3, 4})
	cut := listed(3, 9, []int64{1, 2}, []int64{4, 5}) // one more holds, and 7 more wait
	queue := listed(1, 9, []int64{1}, []int64{4, 5})
	hidden := listed(3, 2, []int64{1, 2, 3}, nil) // the page had no room for the waiters
	tests := []struct {
		name    string
		before  *wire.LockInfo
		changes string
		want    string // followed by "torn" if the view must begin again
	}{
		{"a free lock is held", nil, "granted 1", "a: 1 |"},
		{"and waited for", nil, "queued 1", "a: | 1"},
		{"a new waiter comes last", &whole, "queued 5", "a: 1 2 | 3 4 5"},
		{"a new holder comes last", &whole, "granted 3", "a: 1 2 3 | 4"},
		{"a steal passes the waiters", &whole, "lost 1 held, lost 2 held, granted 9", "a: 9 | 3 4"},
		{"a holder releases", &whole, "released 1 held", "a: 2 | 3 4"},
		{"a holder cancels", &whole, "cancelled 2 held", "a: 1 | 3 4"},
		{"a holder loses it", &whole, "lost 2 held", "a: 1 | 3 4"},
		{"a holder goes", &whole, "gone 2 held", "a: 1 | 3 4"},
		{"a waiter cancels", &whole, "cancelled 3", "a: 1 2 | 4"},
		{"a waiter gives up", &whole, "timeout 4", "a: 1 2 | 3"},
		{"a waiter is evicted", &whole, "evicted 3", "a: 1 2 | 4"},
		{"a waiter goes", &whole, "gone 3", "a: 1 2 | 4"},
		{"the broker stops", &whole, "shutting_down 3, shutting_down 4", "a: 1 2 |"},
		{"a free lock is not listed", nil, "granted 1, released 1 held", ""},
		{"the end of an unknown request", nil, "released 7 held", ""},
		{"the end of an unknown request for a known lock", &whole, "released 7 held, timeout 8",
			"a: 1 2 | 3 4"},

		{"cut: new waiters are counted", &cut, "queued 20, queued 21", "a: 1 2 (3) | 4 5 (11)"},
		{"cut: new holders are counted", &cut, "granted 4", "a: 1 2 (4) | 5 (8)"},
		{"cut: requests that are not listed end", &cut, "timeout 8, released 3 held", "a: 1 2 | 4 5 (8)"},
		{"no longer cut: a new holder is listed", &cut, "released 3 held, granted 4", "a: 1 2 4 | 5 (8)"},
		{"cut: the last listed waiter ends", &cut, "timeout 4, timeout 5", "a: 1 2 (3) | (7) torn"},
		{"cut: the last listed waiter is granted", &cut, "granted 4, granted 5", "a: 1 2 (5) | (7) torn"},
		{"cut: the last listed holder ends", &cut, "released 1 held, released 2 held", "a: (1) | 4 5 (9) torn"},
		{"cut: a steal; the first waiter waits", &queue, "lost 1 held, granted 30", "a: 30 | 4 5 (9)"},
		{"none listed: a shared request has waited", &hidden, "granted 9 shared", "a: 1 2 3 9 | (1)"},
		{"none listed: an exclusive one waited, or steals", &hidden, "granted 9", "a: 1 2 3 9 | (1) torn"},
		{"none listed, and none left", &hidden, "timeout 8, timeout 9", "a: 1 2 3 |"},
	}
	for _, test := range tests {
		v := newView()
		if test.before != nil {
			v.replace(*test.before, time.Now())
		}
		for text := range strings.SplitSeq(test.changes, ", ") {
			v.apply(change(text), time.Now())
		}
		got := sketch(v.Locks())
		if v.torn {
			got += " torn"
		}
		if got != test.want {
			t.Errorf("%s: %s: got %q, want %q", test.name, test.changes, got, test.want)
		}
	}
}

// Locks are in the order of their names, and Lock returns one of them.
func TestLocksOfAView(t *testing.T) {
	v := newView()
	for _, name := range []string{"b", "c", "a"} {
		v.apply(&wire.Change{Event: "granted", Lock: name, Request: numbered(1)}, time.Now())
	}
	if got := sketch(v.Locks()); got != "a: 1 |\nb: 1 |\nc: 1 |" {
		t.Errorf("got %q", got)
	}
	if l, ok := v.Lock("b"); !ok || sketch([]wire.LockInfo{l}) != "b: 1 |" {
		t.Errorf("b: got %+v, %t", l, ok)
	}
	if l, ok := v.Lock("d"); ok || l.Holding+l.Waiting > 0 {
		t.Errorf("d: got %+v, %t", l, ok)
	}
}

// The time for which a request has held or waited goes on while nothing changes.
func TestDurationsOfAView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := listed(1, 1, []int64{1}, []int64{2})
		lock.Holders[0].DurationMS = 5000
		received := time.Now()
		time.Sleep(time.Second) //nolint:forbidigo // virtual time; the consumer was slow
		v := newView()
		v.replace(lock, received)
		v.apply(change("queued 3"), time.Now())
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
		l, _ := v.Lock("a")
		if l.Holders[0].DurationMS != 7000 || l.Waiters[0].DurationMS != 2000 ||
			l.Waiters[1].DurationMS != 1000 {
			t.Errorf("got %+v", l)
		}
	})
}

// What a view has returned does not change later.
func TestViewReturnsCopies(t *testing.T) {
	v := newView()
	v.replace(listed(1, 2, []int64{1}, []int64{2, 3}), time.Now())
	before := v.Locks()
	v.apply(change("released 1 held"), time.Now())
	v.apply(change("granted 2"), time.Now())
	before[0].Waiters[1].Author = "mine"
	if got := sketch(before); got != "a: 1 | 2 3" {
		t.Errorf("what was returned: got %q", got)
	}
	if l, _ := v.Lock("a"); sketch([]wire.LockInfo{l}) != "a: 2 | 3" || l.Waiters[0].Author != "" {
		t.Errorf("the view: got %+v", l)
	}
}
