package clients

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A Table says how to write clients in columns.
type Table struct {
	Palette screen.Palette
	Width   int // of the terminal; 0: no limit
}

// Lines returns the column heads, a line for each client, and below each client the requests that were listed with
// it. It returns no lines if there are no clients.
func (t Table) Lines(all []wsclient.ClientInfo) []listing.Line {
	if len(all) == 0 {
		return nil
	}
	widest := screen.Width("CLIENT")
	for i := range all {
		widest = max(widest, screen.Width(Who(&all[i])))
	}
	lines := []listing.Line{t.line(Heads("", ""), "CLIENT", "ADDRESS", widest, t.Palette.Title)}
	for i := range all {
		c := &all[i]
		lines = append(lines, t.line(Numbers(c, 0), Who(c), Address(c), widest, Style(t.Palette, c)))
		for _, r := range c.Requests {
			lines = append(lines, listing.Line{Text: Request(r, r.Duration(), t.Width)})
		}
	}
	return lines
}

// line returns a line. It is cut only if it would not fit.
func (t Table) line(numbers, who, address string, widest int, style ansi.Style) listing.Line {
	names := screen.Fit(who, widest) + "  " + address
	if room := t.Width - NumbersWidth; t.Width > 0 && widest+2+widestAddress > room {
		names = Names(who, address, room)
	}
	text := numbers + names
	if t.Width > 0 {
		text = screen.Cut(text, t.Width)
	}
	return listing.Line{Text: strings.TrimRight(text, " "), Style: style}
}

// muchUnsent is the number of unsent bytes from which a client's watches lag.
const muchUnsent = 1 << 20

// Style highlights clients that are far behind, and those that wait.
func Style(p screen.Palette, c *wsclient.ClientInfo) ansi.Style {
	switch {
	case c.UnsentBytes >= muchUnsent:
		return p.Alarm
	case c.Waiting > 0:
		return p.Notice
	}
	return nil
}
