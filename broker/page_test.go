package broker

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// A page has the same bytes and the same size as the InfoPage that it stands for.
func TestPageIsAnInfoPage(t *testing.T) {
	request := wire.RequestInfo{ID: wire.ID{Session: "aaaaaaaa", N: 3}, Locks: []string{"x", "y"}}
	none := []wire.RequestInfo{}
	lock := wire.LockInfo{Name: "x", Seq: 5, Holding: 1, Holders: []wire.RequestInfo{request}, Waiters: none}
	odd := wire.LockInfo{Name: "\u00e9\"}", Holders: []wire.RequestInfo{{Hidden: true}}, Waiters: none}
	id := wire.ID{Session: "aaaaaaaa", N: 7}
	for _, m := range []*wire.InfoPage{
		{ID: id, Locks: []wire.LockInfo{}},
		{ID: id, Locks: []wire.LockInfo{lock}, Next: 9},
		{ID: id, Locks: []wire.LockInfo{odd, lock, odd, odd}, NotGranting: wire.PauseDraining},
		{ID: id, Locks: []wire.LockInfo{lock}, Next: 9, Term: 3, Owner: "ws://b0.test:27002"},
	} {
		p := newPage(wire.InfoPage{ID: m.ID, Term: m.Term, Owner: m.Owner})
		for i := range m.Locks {
			p.add(&m.Locks[i])
		}
		p.end(m.Next, m.NotGranting)
		want, err := codec.Append(nil, m)
		if err != nil || p.err != nil || string(*p.frame) != string(want) {
			t.Errorf("got  %s, %v\nwant %s, %v", *p.frame, p.err, want, err)
		}
		if want := jsonsize.Reply(m); replySize(p) != want {
			t.Errorf("its size is %d, want %d", replySize(p), want)
		}
		p.recycle()
	}
}

// A name that cannot be encoded is an error, as it is for an InfoPage.
func TestPageFails(t *testing.T) {
	p := newPage(wire.InfoPage{ID: wire.ID{Session: "aaaaaaaa", N: 7}})
	p.add(&wire.LockInfo{Name: "\xff"})
	if p.err == nil {
		t.Error("a name that is not UTF-8 was accepted")
	}
}
