package listing

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// Columns says how to write locks and requests in columns, for people at a terminal. The more room there is, the more
// columns a request has.
type Columns struct {
	Palette screen.Palette
	Width   int // of the terminal
}

// The widths of columns, and the least width of a terminal that shows them. Names share what remains.
const (
	idWidth, idFrom         = 14, 50
	ageWidth                = 6
	modeWidth, modeFrom     = 14, 110
	remoteWidth, remoteFrom = 21, 160

	widestName = 40 // beyond it, the next column would be too far away
)

// Lock formats a lock: its name, a line for each holder and each waiter, and an empty line.
func (c Columns) Lock(lock wire.LockInfo) []Line {
	lines := make([]Line, 0, 4+len(lock.Holders)+len(lock.Waiters))
	name := screen.CutMiddle(printable.Text(lock.Name), c.Width-1)
	lines = append(lines, Line{name + ":", c.Palette.Title})
	lines = c.appendRequests(lines, Line{"* ", nil}, lock.Holders, lock.Holding)
	lines = c.appendRequests(lines, Line{"  ", c.Palette.Notice}, lock.Waiters, lock.Waiting)
	if differ := Limits(lock); differ != "" {
		lines = append(lines, Line{screen.Cut("! "+differ, c.Width), c.Palette.Alarm})
	}
	return append(lines, Line{})
}

func (c Columns) appendRequests(lines []Line, mark Line, requests []wire.RequestInfo, all int) []Line {
	for _, r := range requests {
		lines = append(lines, Line{mark.Text + c.request(r), c.styleOf(r, mark.Style)})
	}
	if more := all - len(requests); more > 0 {
		lines = append(lines, Line{fmt.Sprintf("%s... and %d more", mark.Text, more), c.Palette.Dim})
	}
	return lines
}

func (c Columns) styleOf(r wire.RequestInfo, usual ansi.Style) ansi.Style {
	if r.Gone {
		return c.Palette.Alarm
	}
	return usual
}

// request formats the columns of a request: its id, without the # that a shell would read as a comment; how long it
// has held or waited; and who it is.
func (c Columns) request(r wire.RequestInfo) string {
	left := []string{fmt.Sprintf("%*s", ageWidth, Age(r.Duration()))}
	if c.Width >= idFrom {
		left = append([]string{fmt.Sprintf("%-*s", idWidth, printable.Text(r.ID.String()))}, left...)
	}
	if c.Width >= modeFrom {
		left = append(left, fmt.Sprintf("%-*s", modeWidth, modeOf(r)))
	}
	text := strings.Join(left, "  ") + "  "
	room := c.Width - 2 - screen.Width(text)
	who := Who(r)
	if r.Gone {
		who = strings.TrimLeft(screen.CutMiddle(who, room-len(" (gone)"))+" (gone)", " ")
	}
	if c.Width < modeFrom {
		return strings.TrimRight(text+screen.CutMiddle(who, room), " ")
	}
	return strings.TrimRight(text+c.people(r, who, room), " ")
}

// people returns the author of the request, or else the label of its client; the label, if there is an author; and
// the address of the client if the terminal is wide.
func (c Columns) people(r wire.RequestInfo, who string, room int) string {
	remote := ""
	if c.Width >= remoteFrom {
		room -= remoteWidth + 2
		remote = "  " + screen.CutMiddle(printable.Text(r.Remote), remoteWidth)
	}
	client := ""
	if r.Author != "" && r.Client != "" {
		client = printable.Text(r.Client)
	}
	left := min(room*2/5, widestName)
	right := min(room-left-2, widestName)
	fit := func(text string, width int) string { return screen.Fit(screen.CutMiddle(text, width), width) }
	return fit(who, left) + "  " + fit(client, right) + remote
}

// modeOf returns the mode of a request, with its limit.
func modeOf(r wire.RequestInfo) string {
	if limit, ok := r.Limit.Get(); ok {
		return fmt.Sprintf("%s/%d", r.Mode, limit)
	}
	return r.Mode.String()
}
