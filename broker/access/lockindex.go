package access

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// A lockIndex finds out which of many globs match a lock name, and what they allow. Most globs of a
// policy are a name, or a name and /**. Those two kinds are looked up, and need no comparison.
type lockIndex struct {
	anywhere Verbs            // of the glob **
	names    map[string]Verbs // of globs that match one name only
	trees    map[string]Verbs // of globs NAME/**: they match the name, and what is below it
	globs    []pattern        // the other globs
	compared Verbs            // of some of them
}

// A pattern is a glob with what it allows. Names that match it begin with prefix and end with suffix.
type pattern struct {
	glob, prefix, suffix string
	allow                Verbs
}

// newLockIndex returns the index of what some grants allow.
func newLockIndex(grants []grant) *lockIndex {
	x := &lockIndex{names: map[string]Verbs{}, trees: map[string]Verbs{}}
	others := map[string]int{} // where each glob is in x.globs
	for _, g := range grants {
		for _, text := range g.globs {
			if x.addPlain(text, g.allow) {
				continue
			}
			at, found := others[text]
			if !found {
				at = len(x.globs)
				others[text] = at
				x.globs = append(x.globs, newPattern(text))
			}
			x.globs[at].allow |= g.allow
			x.compared |= g.allow
		}
	}
	return x
}

// addPlain adds a glob that needs no comparison. Otherwise it returns false.
func (x *lockIndex) addPlain(text string, allow Verbs) bool {
	if text == "**" {
		x.anywhere |= allow
		return true
	}
	if name, only := glob.Name(text); only {
		x.names[name] |= allow
		return true
	}
	// What is before /** is no glob if it ends with a backslash, as in a\/**. That one does not match a.
	if root, found := strings.CutSuffix(text, "/**"); found && glob.Valid(root) {
		if name, only := glob.Name(root); only {
			x.trees[name] |= allow
			return true
		}
	}
	return false
}

// newPattern returns a glob that is no plain name. Its prefix and suffix leave out a slash, because
// a/**/* matches a, and **/b matches b.
func newPattern(text string) pattern {
	p := pattern{glob: text, prefix: text}
	if i := strings.IndexAny(text, `*?[{\`); i >= 0 {
		p.prefix = strings.TrimSuffix(text[:i], "/")
	}
	if i := strings.LastIndexAny(text, `*?]}\`); i >= 0 {
		p.suffix = strings.TrimPrefix(text[i+1:], "/")
	}
	return p
}

// mayMatch reports whether a lock has the prefix and the suffix of the names that match.
func (p *pattern) mayMatch(lock string) bool {
	return strings.HasPrefix(lock, p.prefix) && strings.HasSuffix(lock, p.suffix)
}

// The costs of on, in steps of 5 ns. BenchmarkGlobs measures them.
const (
	lookupCost  = 20 // of the maps
	filterCost  = 2  // of a glob with a prefix or a suffix, which most names do not have
	compareCost = 30 // of any other glob
)

// cost returns about how many steps on takes for a name that no glob matches.
func (x *lockIndex) cost() int {
	cost := lookupCost
	for i := range x.globs {
		if x.globs[i].prefix+x.globs[i].suffix != "" {
			cost += filterCost
		} else {
			cost += compareCost
		}
	}
	return cost
}

// on returns what is allowed on a lock. It may leave out verbs that the caller knows to be allowed.
func (x *lockIndex) on(lock string, known Verbs) Verbs {
	verbs := known | x.anywhere | x.names[lock]
	if len(x.trees) > 0 {
		verbs |= x.trees[lock]
		for i := range len(lock) {
			if lock[i] == '/' {
				verbs |= x.trees[lock[:i]]
			}
		}
	}
	if x.compared&^verbs == 0 {
		return verbs
	}
	for i := range x.globs {
		g := &x.globs[i]
		if g.allow&^verbs == 0 || !g.mayMatch(lock) {
			continue
		}
		if doublestar.MatchUnvalidated(g.glob, lock) {
			verbs |= g.allow
		}
	}
	return verbs
}
