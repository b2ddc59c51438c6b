package top

import (
	"time"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// Options says what to show, and how.
type Options struct {
	// Broker is the address of the broker to show.
	Broker string
	// Match is a glob over names. Other locks are not read. "" matches all.
	Match string
	// Empty also shows free locks.
	Empty bool
	// Clients shows clients at first, instead of locks.
	Clients bool
	// Sort is the initial sort key. Reverse reverses the order.
	Sort    Key
	Reverse bool
	// Interval is the time between two readings of all locks. With very many locks a reading takes longer.
	Interval time.Duration
	// Message is the reason for evictions, at most 256 bytes.
	Message string
	// Palette has the styles. The zero Palette is plain.
	Palette screen.Palette
}

func (o Options) order() order { return order{o.Sort, o.Reverse} }
