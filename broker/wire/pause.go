package wire

import "github.com/lockbroker/lockbroker/broker/wire/printable"

// A Pause says why a broker grants nothing at the moment. "": it grants.
type Pause string

// The pauses. A later version of the broker may send others.
const (
	PauseGrace    Pause = "grace"     // the grace period after a run that did not stop cleanly
	PauseNoTokens Pause = "no_tokens" // the broker cannot reserve fencing tokens
	PauseDraining Pause = "draining"  // the broker is stopping
)

// Explain returns the reason in words. They fit after "nothing is granted now: ".
func (p Pause) Explain() string {
	switch p {
	case PauseGrace:
		return "clients of the last run may still hold their locks"
	case PauseNoTokens:
		return "fencing tokens cannot be reserved on the disk of the broker"
	case PauseDraining:
		return "the broker is stopping"
	}
	return printable.Text(string(p))
}
