package wire

import "github.com/lockbroker/lockbroker/broker/wire/printable"

// A Pause says why a broker grants nothing at the moment; "" says that it grants.
type Pause string

// The pauses. One that is not among them is of a later broker.
const (
	PauseGrace    Pause = "grace"
	PauseNoTokens Pause = "no_tokens"
	PauseDraining Pause = "draining"
)

// Explain returns the reason in words, to follow "nothing is granted now:".
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
