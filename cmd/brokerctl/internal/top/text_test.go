package top

import (
	"testing"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

func TestNumbers(t *testing.T) {
	for rate, want := range map[float64]string{
		unknown: "-", 0: "0", 0.04: "0.0", 12.34: "12.3", 98765: "98765.0", 1234567.8: "1234568",
	} {
		if got := perSecond(rate); got != want {
			t.Errorf("%v: %s, want %s", rate, got, want)
		}
	}
	for n, want := range map[int]string{
		0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567",
	} {
		if got := count(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int]string{99_999: "99999", 100_000: "100k", 1_234_567: "1234k"} {
		if got := short(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}

func TestCursor(t *testing.T) {
	for _, test := range []struct {
		name        string
		at          cursor
		do          func(*cursor)
		lines, room int
		want        cursor
	}{
		{"down past the room", cursor{9, 0}, func(c *cursor) { c.move(1) }, 100, 10, cursor{10, 1}},
		{"up beyond the screen", cursor{20, 20}, func(c *cursor) { c.move(-1) }, 100, 10, cursor{19, 19}},
		{"up past the first", cursor{0, 0}, func(c *cursor) { c.move(-5) }, 100, 10, cursor{0, 0}},
		{"down past the last", cursor{99, 90}, func(c *cursor) { c.move(5) }, 100, 10, cursor{99, 90}},
		{"carried, not moved", cursor{5, 2}, func(c *cursor) { c.carry(50) }, 100, 10, cursor{50, 47}},
		{"carried to the first", cursor{50, 47}, func(c *cursor) { c.carry(0) }, 100, 10, cursor{0, 0}},
		{"fewer lines", cursor{99, 90}, func(*cursor) {}, 5, 10, cursor{4, 0}},
		{"no lines", cursor{3, 1}, func(*cursor) {}, 0, 10, cursor{0, 0}},
		{"no room", cursor{3, 1}, func(*cursor) {}, 10, 0, cursor{3, 3}},
	} {
		c := test.at
		test.do(&c)
		c.fit(test.lines, test.room)
		if c != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, c, test.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"name", 4, "name"}, {"names", 4, "nam…"}, {"names", 1, "…"},
		{"names", 0, ""}, {"names", -1, ""}, {"", 0, ""},
		{"漢字", 4, "漢字"}, {"漢字", 3, "漢…"}, {"漢字", 2, "…"}, {"a漢", 2, "a…"},
		{"👍🏽!", 4, "…"}, {"👍🏽!", 5, "👍🏽!"}, // Some terminals draw it as two characters, four cells wide.
		{"❤️!", 3, "❤️!"}, {"é!", 2, "é!"}, {"é!!", 2, "é…"},
	} {
		if got := screen.Cut(test.text, test.width); got != test.want {
			t.Errorf("%q to %d: %q, want %q", test.text, test.width, got, test.want)
		}
	}
	if got := screen.Fit("漢", 4); got != "漢  " {
		t.Errorf("%q", got)
	}
}
