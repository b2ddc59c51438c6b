package broker

import (
	"math/rand/v2"
	"strconv"
	"sync"
)

// sessionNames generates session names: eight characters of [a-z0-9] that look random and do not
// repeat. They need not be secret: everybody who may use the broker can read them in the listing.
//
// The names are the numbers below 36^8 in base 36, in the order of a Weyl sequence. It starts at a
// random number and keeps adding a random step that has no factor in common with 36. So it visits
// all 2.8 trillion numbers before it repeats one, and no name has to be remembered.
type sessionNames struct {
	step uint64

	mu sync.Mutex
	at uint64
}

const nameCount = 36 * 36 * 36 * 36 * 36 * 36 * 36 * 36

func newSessionNames() *sessionNames {
	names := &sessionNames{at: rand.Uint64N(nameCount)}
	for names.step%2 == 0 || names.step%3 == 0 {
		names.step = rand.Uint64N(nameCount)
	}
	return names
}

func (s *sessionNames) next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = (s.at + s.step) % nameCount
	name := strconv.FormatUint(s.at, 36)
	return "00000000"[len(name):] + name
}
