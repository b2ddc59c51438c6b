package access

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Verbs is a set of verbs.
type Verbs uint8

// The verbs, as sets of one.
const (
	Acquire Verbs = 1 << iota
	Share
	List
	Steal
	Evict
	Clients
	Metrics

	allVerbs Verbs = 1<<iota - 1
)

// ParseVerbs returns the set of some verbs.
func ParseVerbs(verbs []wire.Verb) (Verbs, error) {
	var set Verbs
	for _, verb := range verbs {
		one := verbOf(verb)
		if one == 0 {
			return 0, fmt.Errorf("unknown verb%s: want some of %v", quoted(string(verb)), wire.Verbs())
		}
		set |= one
	}
	return set, nil
}

// quoted returns a word in quotes, after a space. It returns nothing for other text: that may be a secret
// in the wrong place.
func quoted(text string) string {
	if !printable.IsWord(text) {
		return ""
	}
	return fmt.Sprintf(" %q", text)
}

func verbOf(verb wire.Verb) Verbs {
	for i, one := range wire.Verbs() {
		if one == verb {
			return 1 << i
		}
	}
	return 0
}

// names returns the verbs of a set.
func (v Verbs) names() []wire.Verb {
	var names []wire.Verb
	for i, one := range wire.Verbs() {
		if v&(1<<i) != 0 {
			names = append(names, one)
		}
	}
	return names
}
