package listing

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// AppendChange appends a change for people, on one line.
func AppendChange(text []byte, c *wire.Change) []byte {
	text = fmt.Appendf(text, "%-9s %s: ", c.Event, wire.Printable(c.Lock))
	text = AppendWho(text, c.Request)
	if d := c.Request.Duration(); c.Event != wire.EventQueued && c.Event != wire.EventGranted {
		text = fmt.Appendf(text, ", after %s", Clock(d))
	}
	if c.Reason != "" {
		text = fmt.Appendf(text, ", %s", c.Reason)
	}
	if c.By != "" {
		text = fmt.Appendf(text, " by %s", wire.Printable(c.By))
	}
	if c.Message != "" {
		text = fmt.Appendf(text, ": %s", wire.Printable(c.Message))
	}
	return append(text, '\n')
}
