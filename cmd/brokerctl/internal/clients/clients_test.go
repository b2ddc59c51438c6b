package clients

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// some returns clients with every kind of value.
func some() []wsclient.ClientInfo {
	held := wire.RequestInfo{
		ID: wire.ParseID("k3v9x2mq--0"), Author: "create_user", Mode: wire.Shared, Limit: wire.Some(5),
		Token: 7,
		Locks: []string{"orders/42", "orders/customers/0815/invoices/2026"}, DurationMS: 125_000,
	}
	waits := wire.RequestInfo{ID: wire.ParseID("k3v9x2mq--12"), Locks: []string{"new\nline"}, DurationMS: 5375}
	return []wsclient.ClientInfo{
		{
			Session: "k3v9x2mq", Peer: wire.Peer{Client: "billing@host7:812", Remote: "10.1.4.7:51234"},
			ConnectedMS: 7_500_000, Holding: 2, Waiting: 1, SilentMS: 1200,
			Requests: []wire.RequestInfo{held, waits},
		},
		{
			Session: "abcd1234", ConnectedMS: 999, Holding: 1_234_567, UnsentBytes: 16 << 20,
			SilentMS: 61_000,
			Peer: wire.Peer{
				Client:   "a-service-with-a-long-name@a-host-with-a-long-name.example:123456",
				Identity: "ann",
				Remote:   "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
			},
		},
		{Session: "00000000", ConnectedMS: 864_000_000, UnsentBytes: 2048},
		{
			Session: "zzzzzzzz", Alive: wire.AliveMessage, ConnectedMS: 60_000, Watches: 3,
			UnsentBytes: 999,
			Peer:        wire.Peer{Client: "漢字のロック\x1b[2J", Remote: "192.0.2.1:1"},
		},
	}
}

// The lines are those of the golden file. None is wider than the terminal, and what is cut keeps both ends.
func TestLines(t *testing.T) {
	var text strings.Builder
	for _, width := range []int{0, 80, 120, 200} {
		fmt.Fprintf(&text, "width %d\n", width)
		for _, line := range (Table{Palette: screen.Colors(), Width: width}).Lines(some()) {
			text.WriteString(strings.TrimRight(line.Text, " ") + "\n")
			if width > 0 && screen.Width(line.Text) > width {
				t.Errorf("%q is wider than %d", line.Text, width)
			}
		}
	}
	path := filepath.Join("testdata", "table.golden")
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != text.String() {
		t.Errorf("%v, got:\n%s", err, text.String())
	}
	for _, width := range []int{1, 5, 30, 49, 60} {
		for _, line := range (Table{Width: width}).Lines(some()) {
			if screen.Width(line.Text) > width {
				t.Errorf("%q is wider than %d", line.Text, width)
			}
		}
	}
	if got := (Table{}).Lines(nil); got != nil {
		t.Errorf("%v for no clients", got)
	}
}

func TestOrders(t *testing.T) {
	failure := errors.New("connection lost")
	listing := func(yield func(wsclient.ClientInfo, error) bool) {
		for _, c := range some() {
			if !yield(c, nil) {
				return
			}
		}
		yield(wsclient.ClientInfo{}, failure)
	}
	for _, c := range []struct{ order, want string }{
		{"age", "k3v9x2mq abcd1234 00000000 zzzzzzzz"}, // as the broker lists them
		{"label", "00000000 abcd1234 k3v9x2mq zzzzzzzz"},
		{"holding", "abcd1234 k3v9x2mq 00000000 zzzzzzzz"},
		{"waiting", "k3v9x2mq abcd1234 00000000 zzzzzzzz"},
		{"unsent", "abcd1234 00000000 zzzzzzzz k3v9x2mq"},
		{"silent", "abcd1234 k3v9x2mq 00000000 zzzzzzzz"},
	} {
		var order Order
		if err := order.UnmarshalText([]byte(c.order)); err != nil || !slices.Contains(Orders(), order) {
			t.Errorf("%s: %v", c.order, err)
		}
		all, err := order.Read(listing)
		var got []string
		for _, client := range all {
			got = append(got, client.Session)
		}
		if strings.Join(got, " ") != c.want || !errors.Is(err, failure) {
			t.Errorf("%s: %v, %v, want %s", c.order, got, err, c.want)
		}
	}
	var order Order
	if err := order.UnmarshalText([]byte("size")); err == nil {
		t.Error("size is an order")
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0B", 999: "999B", 1000: "1.0K", 1024: "1.0K", 1 << 20: "1.0M",
		16 << 20: "16.0M", 1000 << 20: "1.0G",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	client := &wsclient.ClientInfo{Session: "k3v9x2mq", ConnectedMS: 1000}
	if got := Numbers(client, 4*time.Second); !strings.Contains(got, " 5.0s ") || len(got) != NumbersWidth {
		t.Errorf("%q: want 5.0s, and %d columns", got, NumbersWidth)
	}
}
