package top

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// press returns the message of a key, given its name or its character.
func press(key string) tea.KeyPressMsg {
	codes := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "home": tea.KeyHome, "end": tea.KeyEnd, "pgdown": tea.KeyPgDown,
		"pgup": tea.KeyPgUp, "enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape,
		"backspace": tea.KeyBackspace,
	}
	if code, ok := codes[key]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	return tea.KeyPressMsg{Text: key, Code: []rune(key)[0]}
}

func pasted(text string) tea.PasteMsg { return tea.PasteMsg{Content: text} }

// many returns a model of 50 locks. Lock i has i waiters.
func many() *model {
	m := drawn(80, 24)
	feed(m, manyAt(1)...)
	return m
}

func manyAt(second float64) []any {
	var readings []reading
	for i := range 50 {
		readings = append(readings, held(fmt.Sprintf("lock-%02d", i), int64(i+1), 100-float64(i), i))
	}
	return []any{page{at: after(second), session: "s", readings: readings}, swept{at: after(second)}}
}

func TestSelected(t *testing.T) {
	m := many()
	at := func(want string) {
		t.Helper()
		if got := m.lockAtCursor().name; got != want {
			t.Fatalf("selected %s, want %s", got, want)
		}
	}
	at("lock-49")
	feed(m, press("r")) // Nothing is pinned: the first line stays selected.
	at("lock-00")
	feed(m, press("r"), press("down"), press("down"))
	at("lock-47")
	row := m.index - m.offset
	feed(m, press("n")) // The pinned lock stays selected, at the same place on the screen if possible.
	at("lock-47")
	feed(m, press("h"), press("a"))
	at("lock-47")
	feed(m, press("w"))
	if at("lock-47"); m.index-m.offset != row {
		t.Errorf("on row %d, was on %d", m.index-m.offset, row)
	}
	feed(m, manyAt(2)...)
	at("lock-47")
	feed(m, press("pgdown"))
	at("lock-28")
	feed(m, press("end"))
	at("lock-00")
	feed(m, press("k"), press("pgup"), press("home"))
	at("lock-49")
	feed(m, press("r"))
	at("lock-00")
}

func TestFilterTyped(t *testing.T) {
	m := many()
	count := func(want int) {
		t.Helper()
		if got := len(m.lines.locks); got != want {
			t.Fatalf("%d locks with the filter %q, want %d", got, m.want.filter, want)
		}
	}
	feed(m, press("/"), press("-"), press("4"), press("7"))
	count(2)                                                // the lock 47 and the holder k3v9x2mq--47
	feed(m, press("backspace"), press("enter"), press("q")) // After Enter, q is a command.
	count(12)
	feed(m, press("/"), press("q"), press("esc"))
	count(12)
	feed(m, press("/"), pasted("9\nsomething else"), press("enter"))
	count(2)
	feed(m, press("esc"))
	count(50)
}

func TestKeysSort(t *testing.T) {
	m := many()
	for key, want := range sortKeys {
		feed(m, press(key))
		if got := m.want.order; got != (order{key: want}) {
			t.Errorf("%s: %+v", key, got)
		}
		numbers, name := headsOf(m.want.order)
		if heads := numbers + name; strings.Count(heads, "↓")+strings.Count(heads, "↑") != 1 {
			t.Errorf("%s: heads %q %q", key, numbers, name)
		}
	}
	for range keys {
		feed(m, press("s"))
	}
}

// A terminal runs a model as a program does, but in virtual time, with a scanner and a broker in memory.
type terminal struct {
	*model
	t    *testing.T
	msgs chan tea.Msg
	quit bool
}

// open runs a model until the test ends.
func open(t *testing.T, source Source, link *LinkFeed) *terminal {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	options := Options{Broker: "memory", Interval: 2 * time.Second, Message: "stuck"}
	events, stop := scan(ctx, source, options)
	t.Cleanup(stop)
	m := newModel(ctx, source, options, events, link.latest)
	term := &terminal{model: m, t: t, msgs: make(chan tea.Msg, 1000)}
	term.run(m.Init())
	term.settle()
	return term
}

func (term *terminal) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, cmd := range msg {
				term.run(cmd)
			}
		case nil:
		default:
			term.msgs <- msg
		}
	}()
}

// settle handles messages until no more come while virtual time stands still.
func (term *terminal) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-term.msgs:
			if _, ok := msg.(tea.QuitMsg); ok {
				term.quit = true
				continue
			}
			_, cmd := term.Update(msg)
			term.run(cmd)
		default:
			return
		}
	}
}

func (term *terminal) press(keys ...string) {
	for _, key := range keys {
		_, cmd := term.Update(press(key))
		term.run(cmd)
		term.settle()
	}
}

// wait lets virtual time pass.
func (term *terminal) wait(d time.Duration) {
	for range d / (100 * time.Millisecond) {
		time.Sleep(100 * time.Millisecond) //nolint:forbidigo // in a bubble
		term.settle()
	}
}

// shows fails unless the screen shows all texts.
func (term *terminal) shows(texts ...string) {
	term.t.Helper()
	screen := strings.Join(term.screen(), "\n")
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			term.t.Fatalf("%q is not on the screen:\n%s", text, screen)
		}
	}
}

// queue starts a request that waits.
func queue(ctx context.Context, client *wsclient.Client, author, name string) <-chan error {
	result := make(chan error, 1)
	go func() {
		_, err := client.Acquire(ctx, name, &wsclient.AcquireOptions{Author: author})
		result <- err
	}()
	synctest.Wait()
	return result
}

func TestPane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		a, c := acquire(t, client, "ann", "a"), acquire(t, client, "carl", "c")
		queue(a.Context(), client, "ann", "c")
		queue(t.Context(), client, "bob", "a")

		term := open(t, dial(t, b, wsclient.Options{}), NewLinkFeed())
		term.shows(" ann", " carl", "waiting 2")
		term.press("n", "enter")
		term.shows("a: 1 holder, 1 waiter, 1 grant", "bob (", "waits for a, held by ann",
			"waits for c, held by carl")
		term.press("down")
		term.shows("c: 1 holder, 1 waiter, 1 grant")

		// The pane is refreshed.
		if err := c.Release(); err != nil {
			t.Fatal(err)
		}
		term.wait(2 * time.Second)
		term.shows("c: 1 holder, 0 waiters, 2 grants")
		term.press("tab", "esc", "esc")
		if term.pane.open {
			t.Error("the pane is open")
		}
		term.press("q")
		if !term.quit {
			t.Error("q does not quit")
		}
	})
}

func TestEvict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		a := acquire(t, client, "ann", "a")
		bob := queue(t.Context(), client, "bob", "a")
		carl := queue(t.Context(), client, "carl", "a")

		term := open(t, dial(t, b, wsclient.Options{Label: "ops"}), NewLinkFeed())
		for _, no := range []string{"n", "esc", "enter", "x", "q"} {
			term.press("e")
			term.shows("Evict 1 request holding a?", " ann", "[y/N]")
			term.press(no)
			if no == "x" {
				term.shows("[y/N]")
				term.press("N")
			}
			term.shows("nothing was done")
		}
		if !a.Valid() || term.quit {
			t.Fatal("an answer other than y evicted the holder or ended the view")
		}

		// In the pane, e evicts the selected request.
		term.press("tab", "down", "down", "e")
		term.shows("Evict 1 request waiting for a?", " carl")
		term.press("y")
		term.shows("evicted carl (")
		if refusal := (*wsclient.Error)(nil); !errors.As(<-carl, &refusal) || refusal.Message != "stuck" ||
			refusal.By != "ops" {
			t.Errorf("carl is told %+v", refusal)
		}
		// In the list, e evicts all holders.
		term.press("esc", "e", "y")
		term.shows("evicted ann (")
		<-a.Context().Done()
		if err := <-bob; err != nil {
			t.Error(err)
		}

		// A request that is granted the lock after the question is not evicted.
		term.press("e")
		term.shows(" bob")
		acquired := queue(t.Context(), client, "dora", "a")
		other := dial(t, b, wsclient.Options{})
		if err := other.Evict(t.Context(), term.eviction.victims[0].ID, ""); err != nil {
			t.Fatal(err)
		}
		if err := <-acquired; err != nil {
			t.Fatal(err)
		}
		term.press("y")
		term.shows("nothing evicted")
		term.wait(2 * time.Second)
		term.shows(" dora")
	})
}

// TestAway checks that the view survives a lost connection, and refuses evictions until it is back.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		acquire(t, client, "ann", "a")
		cable, feed := b.NewLink(), NewLinkFeed()
		var dead atomic.Bool
		netDial := func(ctx context.Context, network, address string) (c net.Conn, err error) {
			if dead.Load() {
				return nil, errors.New("connection refused")
			}
			return cable.Dial(ctx, network, address)
		}
		source := dial(t, b, wsclient.Options{
			Trace: &wsclient.Trace{State: feed.OnState}, NetDial: netDial,
		})
		term := open(t, source, feed)
		term.shows("connected", " ann")

		dead.Store(true)
		cable.Cut()
		term.wait(3 * time.Second)
		term.shows("no connection", "connection refused", " ann")
		term.press("e")
		term.shows("cannot evict now")
		acquire(t, client, "bob", "b")

		dead.Store(false)
		term.wait(10 * time.Second)
		term.shows("  connected", " ann", " bob")
	})
}

// TestEnded checks that the end of the source ends the view with its error.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		source := dial(t, b, wsclient.Options{NoReconnect: true})
		term := open(t, source, NewLinkFeed())
		b.Stop()
		term.wait(3 * time.Second)
		if !term.quit || !errors.Is(term.fatal, wsclient.ErrConnection) {
			t.Errorf("quit %v, %v", term.quit, term.fatal)
		}
	})
}

// TestSelectedInPane checks that a request stays selected when requests before it end.
func TestSelectedInPane(t *testing.T) {
	m := withPane(full(80, 24))
	feed(m, press("tab"), press("down"), press("down"))
	chosen := m.pane.requests()[m.pane.index].ID
	next := report()
	next.lock.Holders = next.lock.Holders[1:]
	feed(m, next)
	if got := m.pane.requests()[m.pane.index].ID; got != chosen {
		t.Errorf("selected is %v, was %v", got, chosen)
	}
	next.lock.Holders, next.lock.Waiters, next.lock.Holding, next.lock.Waiting = nil, nil, 0, 0
	feed(m, next, press("down"), press("e"))
	if m.eviction != nil {
		t.Errorf("asks about %+v", m.eviction)
	}
}
