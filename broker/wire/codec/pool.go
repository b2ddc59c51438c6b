package codec

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A busy broker makes very many of these messages, and reuses them. That saves four allocations for
// each pair of an acquire and a release.
var (
	acquirePool  = sync.Pool{New: func() any { return new(wire.Acquire) }}
	releasePool  = sync.Pool{New: func() any { return new(wire.Release) }}
	grantedPool  = sync.Pool{New: func() any { return new(wire.Granted) }}
	releasedPool = sync.Pool{New: func() any { return new(wire.Released) }}
)

// NewGranted returns a Granted. It may be one that was given to [Recycle].
func NewGranted(id wire.ID, token int64) *wire.Granted {
	m := grantedPool.Get().(*wire.Granted)
	m.ID, m.Token = id, token
	return m
}

// NewReleased returns a Released. It may be one that was given to [Recycle].
func NewReleased(id wire.ID) *wire.Released {
	m := releasedPool.Get().(*wire.Released)
	m.ID = id
	return m
}

// Recycle takes back a message that a [RequestDecoder], [NewGranted] or [NewReleased] has made. The
// caller may no longer use it. Messages of other types are left alone.
func Recycle(m wire.Message) {
	switch m := m.(type) {
	case *wire.Acquire:
		clear(m.Locks)
		*m = wire.Acquire{Locks: m.Locks[:0]}
		acquirePool.Put(m)
	case *wire.Release:
		*m = wire.Release{}
		releasePool.Put(m)
	case *wire.Granted:
		*m = wire.Granted{}
		grantedPool.Put(m)
	case *wire.Released:
		*m = wire.Released{}
		releasedPool.Put(m)
	}
}
