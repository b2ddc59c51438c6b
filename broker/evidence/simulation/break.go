package simulation

// A Break is a way to break the world on purpose. It shows that a check notices, and that minimising works.
type Break uint8

// The ways.
const (
	Unbroken       Break = iota
	FreesAtOnce          // the broker gives the locks of every session that ends to others at once
	DropsALock           // the broker leaves out the last lock of a request
	TakesAllWrites       // a resource that checks fencing tokens takes the writes of stale holders, too

	// The rest is for several brokers.

	SkipsGrace        // a new owner does not wait for the sessions on record
	GraceOfTimeout    // it waits for the session timeout
	GraceOfOwnTimeout // it waits as long as its own settings say, whatever those of the earlier owner were
	ForgetsOneMissing // it does not wait for one of them
	GrantsFirst       // grants do not wait until the session is on record
	WritesUnguarded   // the store ignores guards
	TrustsHello       // connections do not wait for a write that began after their hello
	NoGate            // the owner answers without looking at the clock
	StrikesNoToken    // a lock that is taken from a session on record is not struck off
	StrikesNoSession  // a session that ends against its will is not struck off
	RecordsNoOthers   // sessions that cannot be taken up are not on record
	DropsSnapshot     // the next owner grants at once, without what the snapshot says
	breaks
)
