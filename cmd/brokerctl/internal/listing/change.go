package listing

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Change is a change for people, on one line.
func (f Form) Change(c *wire.Change) Line {
	text := fmt.Appendf(nil, "%-9s %s: ", c.Event, printable.Text(c.Lock))
	text = AppendWho(text, c.Request)
	if d := c.Request.Duration(); c.Event != wire.EventQueued && c.Event != wire.EventGranted {
		text = fmt.Appendf(text, ", after %s", Clock(d))
	}
	if c.Reason != "" {
		text = fmt.Appendf(text, ", %s", c.Reason)
	}
	if c.By != "" {
		text = fmt.Appendf(text, " by %s", printable.Text(c.By))
	}
	if c.Message != "" {
		text = fmt.Appendf(text, ": %s", printable.Text(c.Message))
	}
	return Line{string(text), f.styleOf(c.Event)}
}

// styleOf lets those stand out that wait, and that did not end as they wanted.
func (f Form) styleOf(event wire.Event) ansi.Style {
	switch event {
	case wire.EventGranted, wire.EventReleased:
		return nil
	case wire.EventQueued:
		return f.Palette.Notice
	}
	return f.Palette.Alarm
}
