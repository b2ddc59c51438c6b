package top

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// drawn returns a model for a screen of the given size, without a source.
func drawn(width, height int) *model {
	options := Options{Broker: "127.0.0.1:27002", Interval: 2 * time.Second}
	m := newModel(context.Background(), nil, options, nil, nil)
	m.width, m.height = width, height
	return m
}

// unusual are names and authors that could break the screen.
var unusual = []string{
	"new\nline", "esc\x1b[2J\x1b[31mred", "bell\a", "tab\tulator", "漢字のロック/在庫", "emoji/👍🏽/👨‍👩‍👧/❤️/🇩🇪",
	"zalgo/z̷̡̢̛a̸l̵g̶o̷", "עברית/نص", "not utf-8 \xff", strings.Repeat("long/", 51) + "x",
	strings.Repeat("漢", 170), "\u202eevil", " ",
}

// full returns a model with every kind of lock.
func full(width, height int) *model {
	m := drawn(width, height)
	var first, second []reading
	for i, name := range unusual {
		r := held(name, int64(10+i), float64(i*i*i*50), i%3)
		r.first.Author = unusual[len(unusual)-1-i]
		second = append(second, r)
	}
	first = append(first, granted("busy", 1, 0), granted("free", 2, 3))
	report := held("shared/report", 3, 75, 120)
	report.holding = 5
	second = append([]reading{granted("busy", 1, 2469), granted("free", 2, 3), report}, second...)
	feed(m, page{at: after(0), session: "s", readings: first}, swept{at: after(0)},
		page{at: after(2), session: "s", readings: second}, swept{at: after(2)})
	return m
}

func feed(m *model, msgs ...any) {
	for _, msg := range msgs {
		m.Update(msg)
	}
}

// report returns the detail of a lock with many waiters.
func report() detail {
	lock := wire.LockInfo{Name: "shared/report", Holding: 5, Waiting: 120, Grants: 7}
	for i := range 5 {
		lock.Holders = append(lock.Holders, wire.RequestInfo{
			ID: id(int64(i)), Author: fmt.Sprint("reader", i), Mode: wire.Shared, Limit: wire.Some(5),
			Token: 9, Locks: []string{"shared/report"},
			DurationMS: 75_000, Gone: i == 1,
			Peer: wire.Peer{Client: "reports@host7:812", Remote: "127.0.0.1:51234"},
		})
	}
	for i := range detailQueue {
		lock.Waiters = append(lock.Waiters, wire.RequestInfo{
			ID: id(int64(100 + i)), Author: unusual[i%len(unusual)],
			Locks: []string{"shared/report", "b", "c"}, DurationMS: 30_000,
		})
	}
	step := wire.Step{Request: lock.Waiters[0], Lock: "shared/report", Blocker: lock.Holders[0]}
	return detail{
		name:  "shared/report",
		at:    after(2),
		lock:  lock,
		chain: []wire.Step{step, step, step, step, step, step},
	}
}

func withPane(m *model) *model {
	m.pane.open, m.pane.asking = true, true
	feed(m, press("j"), press("k"), report())
	return m
}

// TestScreen compares screens with golden files.
func TestScreen(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 50}} {
		width, height := size[0], size[1]
		var text strings.Builder
		show := func(title string, m *model) {
			fmt.Fprintf(&text, "== %s\n", title)
			for _, line := range m.screen() {
				text.WriteString(strings.TrimRight(line, " ") + "\n")
			}
		}
		show("before anything is read", drawn(width, height))
		empty := drawn(width, height)
		feed(empty, swept{at: after(0)})
		show("nobody holds a lock", empty)
		begun := drawn(width, height)
		feed(begun,
			page{at: after(0), session: "s", readings: []reading{held("a", 1, 3, 0), held("b", 2, 4, 1)}})
		show("during the first sweep", begun)
		show("unusual names", full(width, height))
		m := full(width, height)
		feed(m, press("n"), press("r"), press("/"), press("l"))
		show("sorted by name in reverse, while a filter is typed", m)
		show("the pane", withPane(full(width, height)))
		m = withPane(full(width, height))
		feed(m, press("tab"), press("down"), press("down"), press("e"))
		show("evict a request in the pane", m)
		feed(m, press("n"), press("end"))
		show("the last request in the pane", m)
		m = full(width, height)
		feed(m, LinkState{State: wsclient.Connecting, Why: errors.New("connection refused")})
		show("no connection", m)
		m = full(width, height)
		feed(m, LinkState{State: wsclient.NotGranting, Why: errors.New("nothing is granted now: no disk")})
		show("nothing is granted", m)
		showClients(show, width, height)
		m = full(width, height)
		feed(m, press("?"))
		show("help", m)
		golden(t, fmt.Sprintf("screen-%dx%d.golden", width, height), text.String())
	}
}

// TestFits checks that each screen has exactly the size of the terminal, and that names cannot send control
// sequences.
func TestFits(t *testing.T) {
	widths := []int{0, 1, 2, 3, 5, 10, 37, 38, 39, 40, 41, 42, 43, 60, 79, 80, 81, 132, 200, 500}
	heights := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 24, 50}
	for _, width := range widths {
		for _, height := range heights {
			for name, m := range everything(width, height) {
				lines := m.screen()
				if len(lines) != max(height, 0) {
					t.Fatalf("%s at %dx%d: %d lines", name, width, height, len(lines))
				}
				for _, line := range lines {
					if w := max(ansi.StringWidth(line), ansi.StringWidthWc(line)); w > width {
						t.Fatalf("%s at %dx%d: a line is %d wide: %q", name, width, height, w,
							line)
					}
					if strings.ContainsAny(ansi.Strip(line), "\x1b\n\a\t\u202e") ||
						strings.Contains(line, "[2J") && !strings.Contains(line, `\x1b[2J`) {
						t.Fatalf("%s at %dx%d: %q", name, width, height, line)
					}
				}
			}
		}
	}
}

// everything returns a model in each of its states.
func everything(width, height int) map[string]*model {
	all := map[string]*model{}
	add := func(name string, m *model, msgs ...any) {
		m.options.Palette = screen.Colors()
		feed(m, msgs...)
		all[name] = m
	}
	add("nothing", drawn(width, height))
	add("list", full(width, height))
	add("at the end", full(width, height), press("end"))
	add("pane", withPane(full(width, height)))
	add("in the pane", withPane(full(width, height)), press("tab"), press("end"))
	add("question", withPane(full(width, height)), press("tab"), press("e"))
	add("question about all", full(width, height),
		holdersFound{eviction: eviction{lock: "new\nline", victims: report().lock.Waiters, more: 5}})
	add("typing", full(width, height), press("/"), press("\x1b漢\u202e"))
	add("pasted", full(width, height), press("/"), pasted("a\x1b[2J\nb"))
	add("failure", full(width, height), evictionDone{err: errors.New(strings.Repeat("so long ", 50))})
	add("why away", full(width, height), LinkState{Why: errors.New(strings.Repeat("漢", 300))})
	add("help", full(width, height), press("?"))
	add("clients", withClients(full(width, height)))
	add("no clients", full(width, height), press("c"))
	add("the pane of a client", withClients(full(width, height)), press("enter"), shopClient())
	add("in the pane of a client", withClients(full(width, height)), press("tab"), shopClient(), press("end"))
	add("question about a client", withClients(full(width, height)), press("tab"), shopClient(), press("e"))
	add("a client is gone", withClients(full(width, height)), press("tab"), clientDetail{session: "k3v9x2mq"})
	add("no list of clients", full(width, height), press("c"),
		clientsRead{err: errors.New(strings.Repeat("漢", 300))})
	return all
}
