package broker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// manyClients opens sessions whose labels are as long as the protocol allows.
func manyClients(t *testing.T, l *loop, many int) {
	t.Helper()
	for i := range many {
		s := openSession(l, fmt.Sprintf("s%07d", i), "192.0.2.2:1")
		s.peer.Client = fmt.Sprintf("%0*d", wire.ClientLabelBytes, i)
	}
}

// askClients sends m for s, gives s its turn, and returns the page.
func askClients(t *testing.T, l *loop, s *session, m *wire.Clients) *wire.ClientsPage {
	t.Helper()
	s.sendRequest(m)
	l.collect()
	for l.scheduler.any() {
		l.serve()
	}
	replies := s.out.take(parcel{}).replies
	s.out.noteSent()
	s.sendPageSent()
	l.collect()
	if len(replies) != 1 {
		t.Fatalf("got %d replies, want a page", len(replies))
	}
	page, is := replies[0].(*wire.ClientsPage)
	if !is {
		t.Fatalf("got %+v, want a page", replies[0])
	}
	return page
}

// The pages list each client that stays connected once, while others connect and disconnect.
func TestPagesOfClients(t *testing.T) {
	l := idleLoop(t)
	manyClients(t, l, 5000)
	asker := openSession(l, "asker000", "192.0.2.3:1")
	seen := make(map[string]int)
	pages, m := 0, &wire.Clients{ID: wire.ID{Session: asker.name}}
	for more := true; more; more = m.After != 0 {
		page := askClients(t, l, asker, m)
		for _, c := range page.Clients {
			seen[c.Session]++
		}
		m = &wire.Clients{ID: wire.ID{Session: asker.name, N: m.ID.N + 1}, After: page.Next}
		pages++
		for i := range 10 { // these have been listed, and these come last
			l.end(l.sessions.Get(fmt.Sprintf("s%07d", (pages-1)*10+i)), ending{})
			openSession(l, fmt.Sprintf("n%07d", pages*10+i), "192.0.2.2:1")
		}
	}
	if pages < 5 {
		t.Errorf("%d pages, want more: a page must not exceed %d bytes", pages, pageBytes)
	}
	for i := range 5000 {
		name := fmt.Sprintf("s%07d", i)
		if open := l.sessions.Get(name) != nil; open && seen[name] != 1 || seen[name] > 1 {
			t.Errorf("%s is listed %d times", name, seen[name])
		}
	}
	if seen[asker.name] != 1 {
		t.Errorf("the asker is listed %d times", seen[asker.name])
	}
}

// However many clients there are, and however costly the glob is, a page takes the loop only about
// half a slice. A page on which nobody is listed says where the next one continues.
func TestWorkForAPageOfClients(t *testing.T) {
	l := idleLoop(t)
	manyClients(t, l, 20_000)
	asker := openSession(l, "asker000", "192.0.2.3:1")
	const costly = "{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}*"
	if cost := glob.Cost(costly); cost > glob.MaxCost || cost < glob.MaxCost*9/10 {
		t.Fatalf("the glob costs %d", cost)
	}
	for n, test := range []struct {
		query *wire.Clients
		each  int // how many steps a client takes
	}{
		{&wire.Clients{Client: wire.Some("x")}, clientWork + wire.ClientLabelBytes/labelWork},
		{&wire.Clients{Client: wire.Some(costly)}, clientsWork}, // or more
		{&wire.Clients{Waiting: true}, clientWork},
		{&wire.Clients{Remote: wire.Some("198.51.100.0/24")}, clientWork},
		{&wire.Clients{}, clientWork + listWork},
	} {
		m := test.query
		if m.Client.IsZero() { // otherwise the page would be full first
			for _, s := range l.sessions.All() {
				s.peer.Client = ""
			}
		}
		m.ID = wire.ID{Session: asker.name, N: int64(n)}
		before := l.spent()
		page := askClients(t, l, asker, m)
		const most = clientsWork + clientWork + glob.MaxCost*wire.ClientLabelBytes/labelWork + stepsOfEvent
		if spent := l.spentSince(before); spent > most || spent < clientsWork {
			t.Errorf("%+v took %d steps, want %d to %d", m, spent, clientsWork, most)
		}
		if want := (clientsWork + test.each - 1) / test.each; page.Next != int64(want) {
			t.Errorf("%+v: the page ends after the client %d, want %d", m, page.Next, want)
		}
	}
}

// A page has about pageBytes at most, even if each byte of the labels takes six.
func TestBytesOfAPageOfClients(t *testing.T) {
	l := idleLoop(t)
	for i := range 1000 {
		s := openSession(l, fmt.Sprintf("s%07d", i), "192.0.2.2:1")
		s.peer.Client = strings.Repeat("\x01", wire.ClientLabelBytes)
	}
	asker := openSession(l, "asker000", "192.0.2.3:1")
	page := askClients(t, l, asker, &wire.Clients{ID: wire.ID{Session: asker.name}})
	const longest = 7 * wire.ClientLabelBytes
	if frame, err := codec.Append(nil, page); err != nil || len(frame) > pageBytes+longest || page.Next == 0 {
		t.Errorf("the page has %d bytes (%v), and its next is %d", len(frame), err, page.Next)
	}
}

// Clients that ask for the list again and again delay others by a slice at most: a short request is
// answered in the round in which it comes.
func TestAskingForClientsInALoop(t *testing.T) {
	l := idleLoop(t)
	manyClients(t, l, 10_000)
	var askers []*session
	for i := range 12 {
		askers = append(askers, openSession(l, fmt.Sprintf("asker%03d", i), fmt.Sprintf("192.0.2.%d:1", i+10)))
	}
	other := openSession(l, "other000", "192.0.2.3:1")
	if in := laneOf(&item{what: &wire.Clients{}}); in != laneLong {
		t.Errorf("the message is in the lane %d, so it takes more than a third of the time", in)
	}
	sent, answered, pages := make(map[*session]int64), 0, 0
	for range 300 {
		for _, s := range askers {
			pages += len(s.out.take(parcel{}).replies)
			s.out.noteSent()
			s.sendPageSent()
			for s.backlog.units.Load() < 33 {
				sent[s]++
				s.sendRequest(&wire.Clients{ID: wire.ID{Session: s.name, N: sent[s]}, Waiting: true})
			}
		}
		other.sendRequest(&wire.Unwatch{ID: wire.ID{Session: other.name}})
		l.collect()
		before := l.spent()
		l.serve()
		if spent := l.spentSince(before); spent > 2*stepsOfSlice {
			t.Fatalf("a round took %d steps, want about %d", spent, stepsOfSlice)
		}
		answered += len(other.out.take(parcel{}).replies)
		other.out.noteSent()
	}
	if answered != 300 {
		t.Errorf("in 300 rounds the other client got %d answers", answered)
	}
	if pages < 300 {
		t.Errorf("the askers got %d pages: too few to prove anything", pages)
	}
}
