package codec

import "hash/maphash"

// The number of slots of an interner: at first, and at most. All its strings together have at most
// mostText bytes.
const (
	firstSlots = 16
	mostSlots  = 256
	mostText   = 8 << 10
)

// An interner keeps strings to use them again. Each string has one slot, by its hash, and
// replaces the string that was there. So the memory is bounded, whatever a client sends.
type interner struct {
	slots []string // nil before the first string; the length is a power of 2
	seed  maphash.Seed
	text  int // the bytes of all strings
}

// bytes returns how much memory i takes.
func (i *interner) bytes() int { return 16*len(i.slots) + i.text }

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
	size := len(i.slots)
	if *slot != "" && size < mostSlots {
		size *= 2
	}
	if i.text -= len(*slot); size > len(i.slots) || i.text+len(text) > mostText {
		// Strings that are still needed come back. With another seed, two of them do not compete for
		// a slot again and again.
		i.slots, i.text, i.seed = make([]string, size), 0, maphash.MakeSeed()
		hash = maphash.Bytes(i.seed, text)
		slot = &i.slots[hash%uint64(len(i.slots))]
	}
	*slot = string(text)
	i.text += len(text)
	return *slot
}
