package access

import (
	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// A Policy says what each identity may do. The zero Policy allows nothing.
type Policy struct {
	rules []*checkedRule

	// Rules for one identity, or for one group, are looked up by its name.
	byIdentity, byGroup map[string][]int
	others              []whoPattern
	shared              *partCache
}

// A whoPattern is a glob over identities, or over groups, in a rule.
type whoPattern struct {
	glob  string
	group bool
	rule  int
}

// NewPolicy checks rules. Its error is a [*RuleError].
func NewPolicy(rules []Rule) (*Policy, error) {
	p := &Policy{byIdentity: map[string][]int{}, byGroup: map[string][]int{}, shared: newPartCache()}
	for i := range rules {
		checked, err := checkRule(&rules[i])
		if err != nil {
			err.Rule = i
			return nil, err
		}
		p.rules = append(p.rules, checked)
		p.index(i, checked.identities, false)
		p.index(i, checked.groups, true)
	}
	return p, nil
}

// index adds the identities and groups of a rule.
func (p *Policy) index(rule int, globs []string, group bool) {
	names := p.byIdentity
	if group {
		names = p.byGroup
	}
	for _, text := range globs {
		if name, only := glob.Name(text); only {
			names[name] = append(names[name], rule)
		} else {
			p.others = append(p.others, whoPattern{text, group, rule})
		}
	}
}

// For returns what an identity may do.
func (p *Policy) For(id Identity) *Permissions {
	var own, common []grant
	key := make([]byte, (len(p.rules)+7)/8) // which rules without {identity} are for it
	for i, isFor := range p.rulesFor(&id) {
		switch r := p.rules[i]; {
		case !isFor:
		case r.grant == nil:
			own = append(own, r.grantTo(id.Name))
		default:
			common = append(common, *r.grant)
			key[i/8] |= 1 << (i % 8)
		}
	}
	var parts []*permissionPart
	if len(own) > 0 {
		parts = append(parts, newPart(own))
	}
	if len(common) > 0 {
		parts = append(parts, p.shared.part(string(key), common))
	}
	return newPermissions(parts...)
}

// rulesFor returns for each rule whether it is for an identity.
func (p *Policy) rulesFor(id *Identity) []bool {
	isFor := make([]bool, len(p.rules))
	mark := func(rules []int) {
		for _, rule := range rules {
			isFor[rule] = true
		}
	}
	mark(p.byIdentity[id.Name])
	for _, group := range id.Groups {
		mark(p.byGroup[group])
	}
	for i := range p.others {
		if o := &p.others[i]; !isFor[o.rule] && o.matches(id) {
			isFor[o.rule] = true
		}
	}
	return isFor
}

func (w *whoPattern) matches(id *Identity) bool {
	if !w.group {
		return doublestar.MatchUnvalidated(w.glob, id.Name)
	}
	for _, group := range id.Groups {
		if doublestar.MatchUnvalidated(w.glob, group) {
			return true
		}
	}
	return false
}
