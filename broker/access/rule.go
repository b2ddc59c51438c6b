package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// groupMark begins a pattern over groups.
const groupMark = "group:"

// A Rule lets some identities do something with some locks.
type Rule struct {
	// For lists identities by name, and groups as "group:NAME". Both may be globs, in which * does
	// not match a slash: ** is for everybody.
	For []string
	// Locks lists the names of the locks, as globs. In them, {identity} stands for the name of the
	// identity. If identities may hold slashes, home/{identity}/** of the identity a also covers
	// the locks of the identity a/b. Clients and Metrics need no locks.
	Locks []string
	// Allow lists what the rule allows.
	Allow []wire.Verb
}

// A RuleError says what is wrong with a rule.
type RuleError struct {
	Rule  int    // the rule, counting from 0
	Field string // the field: "for", "locks" or "allow"
	Item  int    // the item of the field, counting from 0; -1: the field as a whole
	Err   error  // what is wrong
}

// Error names the rule, counting from 1, and the field.
func (e *RuleError) Error() string {
	return fmt.Sprintf("rule %d: %s: %v", e.Rule+1, e.Field, e.Err)
}

// Unwrap returns Err.
func (e *RuleError) Unwrap() error { return e.Err }

// A checkedRule is a Rule that has been checked.
type checkedRule struct {
	identities, groups []string // globs
	locks              []markedGlob
	allow              Verbs
	grant              *grant // the same for every identity; nil if it depends on the identity
}

func checkRule(r *Rule) (*checkedRule, *RuleError) {
	checked := &checkedRule{}
	if err := checked.setFor(r.For); err != nil {
		return nil, err
	}
	if err := checked.setLocks(r.Locks); err != nil {
		return nil, err
	}
	if err := checked.setAllow(r.Allow); err != nil {
		return nil, err
	}
	if len(r.Locks) == 0 && checked.allow&^(Clients|Metrics) != 0 {
		return nil, wrong("locks", -1, errors.New("want at least one glob, such as a/**"))
	}
	if !slices.ContainsFunc(checked.locks, markedGlob.hasMark) {
		checked.grant = &grant{checked.allow, slices.Clone(r.Locks)}
	}
	return checked, nil
}

func wrong(field string, item int, err error) *RuleError {
	return &RuleError{Field: field, Item: item, Err: err}
}

func (r *checkedRule) setFor(who []string) *RuleError {
	if len(who) == 0 {
		return wrong("for", -1, errors.New("want at least one identity or group"))
	}
	for i, text := range who {
		pattern, isGroup := strings.CutPrefix(text, groupMark)
		if err := checkPattern(pattern); err != nil {
			return wrong("for", i, fmt.Errorf("item %d: %w", i+1, err))
		}
		if isGroup {
			r.groups = append(r.groups, pattern)
		} else {
			r.identities = append(r.identities, pattern)
		}
	}
	return nil
}

func (r *checkedRule) setLocks(locks []string) *RuleError {
	for i, text := range locks {
		parts, err := cutMarks(text)
		if err == nil {
			err = checkPattern(text)
		}
		if err == nil && parts.hasMark() {
			if err = checkPattern(parts.longest()); err != nil {
				err = fmt.Errorf("with an identity of %d bytes: %w", wire.MaxIdentityBytes, err)
			}
		}
		if err != nil {
			return wrong("locks", i, fmt.Errorf("item %d: %w", i+1, err))
		}
		r.locks = append(r.locks, parts)
	}
	return nil
}

func (r *checkedRule) setAllow(verbs []wire.Verb) *RuleError {
	if len(verbs) == 0 {
		return wrong("allow", -1, errors.New("want at least one verb"))
	}
	for i := range verbs {
		one, err := ParseVerbs(verbs[i : i+1])
		if err != nil {
			return wrong("allow", i, err)
		}
		r.allow |= one
	}
	return nil
}

func checkPattern(pattern string) error {
	switch {
	case pattern == "":
		return errors.New("empty")
	case !utf8.ValidString(pattern):
		return errors.New("not valid UTF-8")
	case !glob.Valid(pattern):
		return errors.New("not a valid glob")
	case glob.Cost(pattern) > glob.MaxCost:
		return fmt.Errorf("its length times its alternatives is more than %d", glob.MaxCost)
	}
	return nil
}

// grantTo returns what the rule allows an identity.
func (r *checkedRule) grantTo(identity string) grant {
	if r.grant != nil {
		return *r.grant
	}
	globs := make([]string, len(r.locks))
	for i, pattern := range r.locks {
		globs[i] = pattern.of(identity)
	}
	return grant{r.allow, globs}
}
