package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// shown returns a model with the given number of lines on a screen of the given size.
func shown(lines, width, height int) *model {
	frame := Frame{Title: "a title that is long enough to be cut somewhere"}
	for n := range lines {
		frame.Lines = append(frame.Lines,
			listing.Line{Text: fmt.Sprintf("line %d of 大大大大大大大大大大大大大大大大大大大大大", n)})
	}
	m := &model{ctx: context.Background()}
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	m.Update(frame)
	return m
}

// first returns the number of the line at the top.
func first(t *testing.T, m *model) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(strings.Split(m.text(), "\n")[1], "line %d", &n); err != nil {
		t.Fatalf("%q: %v", m.text(), err)
	}
	return n
}

// The view has the height of the screen, and no line is wider.
func TestFitsTheScreen(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 50}, {20, 3}, {2, 2}, {1, 1}} {
		for _, lines := range []int{0, 1, 22, 23, 30_000} {
			text := strings.Split(shown(lines, size[0], size[1]).text(), "\n")
			if len(text) != size[1] {
				t.Errorf("%d lines on %v: %d rows", lines, size, len(text))
			}
			for _, row := range text {
				if screen.Width(row) > size[0] {
					t.Errorf("%d lines on %v: %q is wider", lines, size, row)
				}
			}
		}
	}
}

func TestKeysMove(t *testing.T) {
	m := shown(100, 80, 24) // 22 lines fit.
	for _, step := range []struct {
		key  string
		want int
	}{
		{"up", 0}, {"down", 1}, {"j", 2}, {"k", 1}, {"pgdown", 23}, {"space", 45}, {"pgup", 23},
		{"end", 78}, {"down", 78}, {"home", 0}, {"G", 78}, {"g", 0},
	} {
		m.press(step.key)
		m.Update(nil)
		if got := first(t, m); got != step.want {
			t.Errorf("after %s: line %d at the top, want %d", step.key, got, step.want)
		}
	}
	for _, key := range []string{"q", "ctrl+c", "esc"} {
		if m.press(key) == nil {
			t.Errorf("%s does not quit", key)
		}
	}
}

// When lines disappear, the last ones stay at the bottom.
func TestFewerLines(t *testing.T) {
	m := shown(100, 80, 24)
	m.press("end")
	m.Update(Frame{Title: "fewer", Lines: m.shown.Lines[:30]})
	if got := first(t, m); got != 8 {
		t.Errorf("line %d at the top", got)
	}
}

// An error is shown below the previous frame.
func TestErrorKeepsTheFrame(t *testing.T) {
	m := shown(3, 80, 24)
	m.Update(Frame{Err: errors.New("no \x1b[2Jconnection")})
	if text := m.text(); !strings.Contains(text, "line 2") || !strings.Contains(text, `"no \x1b[2Jconnection"`) {
		t.Error(text)
	}
	m.Update(Frame{Title: "again"})
	if text := m.text(); strings.Contains(text, "connection") {
		t.Error(text)
	}
}
