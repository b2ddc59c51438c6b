package top

import (
	"time"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// Options say what is shown, and how.
type Options struct {
	// Broker is the address, as it may be shown.
	Broker string
	// Match is a glob over names: other locks are not asked for. "": all.
	Match string
	// Empty shows also locks that are free.
	Empty bool
	// Sort is what the locks are sorted by at first; Reverse turns it round.
	Sort    Key
	Reverse bool
	// Interval is from one reading of all locks to the next, if there are not so
	// many that it takes longer.
	Interval time.Duration
	// Message is told to those who are evicted; at most 256 bytes.
	Message string
	// Palette says how to stand out; the zero Palette is plain.
	Palette screen.Palette
}

func (o Options) order() order { return order{o.Sort, o.Reverse} }
