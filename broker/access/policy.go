package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

const (
	// identityMark in a glob over lock names stands for the name of the identity.
	identityMark = "{identity}"
	// groupMark begins a pattern over groups.
	groupMark = "group:"
)

// A Rule lets some identities do something with some locks.
type Rule struct {
	// For lists whom the rule is for: identities, and groups as "group:NAME". Both may be globs.
	For []string
	// Locks lists the names of the locks, as globs. In them, {identity} stands for the name of the
	// identity. Clients and Metrics need no locks.
	Locks []string
	// Allow lists what the rule allows.
	Allow []wire.Verb
}

// A Policy says what each identity may do. The zero Policy allows nothing.
type Policy struct{ rules []rule }

// A rule is a checked Rule.
type rule struct {
	identities, groups []string
	locks              []string
	allow              Verbs
}

// NewPolicy checks rules. Its errors name the rule, counting from 1.
func NewPolicy(rules []Rule) (*Policy, error) {
	p := &Policy{}
	for i := range rules {
		checked, err := checkRule(&rules[i])
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
		p.rules = append(p.rules, checked)
	}
	return p, nil
}

func checkRule(r *Rule) (checked rule, err error) {
	if len(r.For) == 0 {
		return checked, errors.New("for: want at least one identity or group")
	}
	for _, who := range r.For {
		pattern, isGroup := strings.CutPrefix(who, groupMark)
		if err := checkPattern(pattern); err != nil {
			return checked, fmt.Errorf("for: %.80q: %w", who, err)
		}
		if isGroup {
			checked.groups = append(checked.groups, pattern)
		} else {
			checked.identities = append(checked.identities, pattern)
		}
	}
	if len(r.Allow) == 0 {
		return checked, errors.New("allow: want at least one verb")
	}
	if checked.allow, err = ParseVerbs(r.Allow); err != nil {
		return checked, fmt.Errorf("allow: %w", err)
	}
	if len(r.Locks) == 0 && checked.allow&^(Clients|Metrics) != 0 {
		return checked, errors.New("locks: want at least one glob, such as a/**")
	}
	for _, pattern := range r.Locks {
		if err := checkPattern(strings.ReplaceAll(pattern, identityMark, "x")); err != nil {
			return checked, fmt.Errorf("locks: %.80q: %w", pattern, err)
		}
	}
	checked.locks = slices.Clone(r.Locks)
	return checked, nil
}

func checkPattern(pattern string) error {
	switch {
	case pattern == "":
		return errors.New("empty")
	case !glob.Valid(pattern):
		return errors.New("not a valid glob")
	case glob.Cost(pattern) > glob.MaxCost:
		return fmt.Errorf("its length times its alternatives is more than %d", glob.MaxCost)
	}
	return nil
}

// For returns what an identity may do.
func (p *Policy) For(id Identity) *Permissions {
	var allowed []grant
	for i := range p.rules {
		if r := &p.rules[i]; r.isFor(&id) {
			allowed = append(allowed, grant{r.allow, r.locksOf(id.Name)})
		}
	}
	return newPermissions(allowed)
}

// isFor reports whether a rule is for an identity.
func (r *rule) isFor(id *Identity) bool {
	for _, pattern := range r.identities {
		if doublestar.MatchUnvalidated(pattern, id.Name) {
			return true
		}
	}
	for _, pattern := range r.groups {
		matches := func(group string) bool { return doublestar.MatchUnvalidated(pattern, group) }
		if slices.ContainsFunc(id.Groups, matches) {
			return true
		}
	}
	return false
}

// locksOf returns the globs of a rule for an identity. What the name of the identity holds is taken as it is.
func (r *rule) locksOf(identity string) []string {
	globs := make([]string, len(r.locks))
	for i, pattern := range r.locks {
		globs[i] = strings.ReplaceAll(pattern, identityMark, glob.Escape(identity))
	}
	return globs
}
