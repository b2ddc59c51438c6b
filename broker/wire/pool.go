package wire

import "sync"

// Messages of which there are very many are used again: four allocations less for
// each lock that is taken and given back, and less for the collector to do.
var (
	acquires = sync.Pool{New: func() any { return new(Acquire) }}
	releases = sync.Pool{New: func() any { return new(Release) }}
	granteds = sync.Pool{New: func() any { return new(Granted) }}
	answers  = sync.Pool{New: func() any { return new(Released) }}
)

// NewGranted returns a Granted, perhaps one that came back to [Recycle].
func NewGranted(id ID, token int64) *Granted {
	m := granteds.Get().(*Granted)
	m.ID, m.Token = id, token
	return m
}

// NewReleased returns a Released, perhaps one that came back to [Recycle].
func NewReleased(id ID) *Released {
	m := answers.Get().(*Released)
	m.ID = id
	return m
}

// Recycle takes back a message at which nobody will look any more: one that a
// [RequestDecoder], [NewGranted] or [NewReleased] has made. Other messages are left
// alone.
func Recycle(m Message) {
	switch m := m.(type) {
	case *Acquire:
		clear(m.Locks)
		*m = Acquire{Locks: m.Locks[:0]}
		acquires.Put(m)
	case *Release:
		*m = Release{}
		releases.Put(m)
	case *Granted:
		*m = Granted{}
		granteds.Put(m)
	case *Released:
		*m = Released{}
		answers.Put(m)
	}
}
