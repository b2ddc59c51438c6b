package codec

import "hash/maphash"

// The number of slots of an interner: at first, and at most.
const (
	firstSlots = 16
	mostSlots  = 256
)

// An interner keeps strings to use them again. Each string has one slot, by its hash, and
// replaces the string that was there. So the memory is bounded, whatever a client sends.
type interner struct {
	slots []string // nil before the first string; the length is a power of 2
	seed  maphash.Seed
}

// string returns string(text). It allocates only if it has not seen text lately.
func (i *interner) string(text []byte) string {
	if i.slots == nil {
		i.slots, i.seed = make([]string, firstSlots), maphash.MakeSeed()
	}
	hash := maphash.Bytes(i.seed, text)
	slot := &i.slots[hash%uint64(len(i.slots))]
	if *slot == string(text) {
		return *slot
	}
	if *slot != "" && len(i.slots) < mostSlots {
		i.slots = make([]string, 2*len(i.slots)) // strings that are still needed come back
		slot = &i.slots[hash%uint64(len(i.slots))]
	}
	*slot = string(text)
	return *slot
}
