package codec

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Messages of which there are very many are used again: four allocations less for
// each lock that is taken and given back, and less for the collector to do.
var (
	acquires = sync.Pool{New: func() any { return new(wire.Acquire) }}
	releases = sync.Pool{New: func() any { return new(wire.Release) }}
	granteds = sync.Pool{New: func() any { return new(wire.Granted) }}
	answers  = sync.Pool{New: func() any { return new(wire.Released) }}
)

// NewGranted returns a Granted, perhaps one that came back to [Recycle].
func NewGranted(id wire.ID, token int64) *wire.Granted {
	m := granteds.Get().(*wire.Granted)
	m.ID, m.Token = id, token
	return m
}

// NewReleased returns a Released, perhaps one that came back to [Recycle].
func NewReleased(id wire.ID) *wire.Released {
	m := answers.Get().(*wire.Released)
	m.ID = id
	return m
}

// Recycle takes back a message at which nobody will look any more: one that a
// [RequestDecoder], [NewGranted] or [NewReleased] has made. Other messages are left
// alone.
func Recycle(m wire.Message) {
	switch m := m.(type) {
	case *wire.Acquire:
		clear(m.Locks)
		*m = wire.Acquire{Locks: m.Locks[:0]}
		acquires.Put(m)
	case *wire.Release:
		*m = wire.Release{}
		releases.Put(m)
	case *wire.Granted:
		*m = wire.Granted{}
		granteds.Put(m)
	case *wire.Released:
		*m = wire.Released{}
		answers.Put(m)
	}
}
