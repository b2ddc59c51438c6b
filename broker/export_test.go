package broker

import "time"

// Rig makes what is random or depends on the clock predictable: the names of
// sessions, in the order of their opening, and tokens, which, where there is no
// state directory, count from 1.
func (b *Broker) Rig(names func() string) {
	b.names = names
	if b.config.StateDir == "" {
		b.tokens = tokensFrom{first: 1}
	}
}

// RigTokens makes tokens begin at first.
func (b *Broker) RigTokens(first int64) { b.tokens = tokensFrom{first: first} }

// tokensFrom are tokens that begin at a certain one.
type tokensFrom struct {
	clockTokens
	first int64
}

func (t tokensFrom) start() (int64, time.Duration) { return t.first, 0 }

// What tests assert exactly.
const (
	WriteStall   = writeStall
	CloseWait    = closeWait
	OutboxBytes  = outboxBytes
	DropSlice    = dropSlice
	MaxMalformed = maxMalformed
	ChangesBytes = changesBytes
	TokenRange   = tokenRange
	AllowSlice   = allowSlice
)

// SessionNames returns n names as one broker gives them.
func SessionNames(n int) []string {
	names := newSessionNames()
	var all []string
	for range n {
		all = append(all, names.next())
	}
	return all
}
