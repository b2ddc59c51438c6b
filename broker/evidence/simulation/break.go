package simulation

// A Break is a way to break the world on purpose. It shows that a check notices, and that minimising works.
type Break uint8

// The ways.
const (
	Unbroken       Break = iota
	FreesAtOnce          // the broker gives the locks of every session that ends to others at once
	DropsALock           // the broker leaves out the last lock of a request
	TakesAllWrites       // a resource that checks fencing tokens takes the writes of stale holders, too
)
