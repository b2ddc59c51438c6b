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
}

// A pattern is a glob with what it allows. Names that match it begin with prefix.
type pattern struct {
	glob, prefix string
	allow        Verbs
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
				x.globs = append(x.globs, pattern{glob: text, prefix: literalPrefix(text)})
			}
			x.globs[at].allow |= g.allow
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

// literalPrefix returns what all names that match a glob begin with.
func literalPrefix(text string) string {
	prefix := text
	if i := strings.IndexAny(text, `*?[{\`); i >= 0 {
		prefix = text[:i]
	}
	return strings.TrimSuffix(prefix, "/") // a/**/* and the like match a
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
	for i := range x.globs {
		g := &x.globs[i]
		if g.allow&^verbs == 0 || !strings.HasPrefix(lock, g.prefix) {
			continue
		}
		if doublestar.MatchUnvalidated(g.glob, lock) {
			verbs |= g.allow
		}
	}
	return verbs
}
