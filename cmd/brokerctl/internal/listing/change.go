package listing

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Change formats a change on one line for people. It begins with the local time at which the change was received.
func (f Format) Change(at time.Time, c *wire.Change) Line {
	text := at.AppendFormat(nil, "2006-01-02 15:04:05.000")
	text = fmt.Appendf(text, "  %-9s %s: %s", c.Event, printable.Text(c.Lock), Named(c.Request))
	if d := c.Request.Duration(); c.Event != wire.EventQueued && c.Event != wire.EventGranted {
		text = fmt.Appendf(text, ", after %s", Age(d))
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

// styleOf highlights requests that wait, and those that have ended without a release.
func (f Format) styleOf(event wire.Event) ansi.Style {
	switch event {
	case wire.EventGranted, wire.EventReleased:
		return nil
	case wire.EventQueued:
		return f.Palette.Notice
	}
	return f.Palette.Alarm
}
