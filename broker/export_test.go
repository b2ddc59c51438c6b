package broker

// Rig makes what is random or depends on the clock predictable: the names of
// sessions, in the order of their opening, and tokens, which count from 1.
func (b *Broker) Rig(names func() string) {
	b.names = names
	b.loop.table = newTable(b.config, 1)
}

// What tests assert exactly.
const (
	WriteStall   = writeStall
	CloseWait    = closeWait
	OutboxBytes  = outboxBytes
	DropSlice    = dropSlice
	MaxMalformed = maxMalformed
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
