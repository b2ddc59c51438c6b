package policyfile

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A ruleList is the rules of a file, and where they are.
type ruleList struct {
	rules  []access.Rule
	places []places
}

// places are where the parts of a rule are.
type places struct {
	rule   position
	fields map[string]position
	items  map[string][]position
}

// locate puts the position of a rule's item before an error of access.NewPolicy.
func (l *ruleList) locate(err error) error {
	broken := new(access.RuleError)
	if !errors.As(err, &broken) || broken.Rule >= len(l.places) {
		return position{1, 1}.errorf("%w", err)
	}
	p := l.places[broken.Rule]
	at := p.rule
	if field, found := p.fields[broken.Field]; found {
		at = field
	}
	if items := p.items[broken.Field]; broken.Item >= 0 && broken.Item < len(items) {
		at = items[broken.Item]
	}
	return at.errorf("%w", err)
}

func parseDocument(node *yaml.Node) (*ruleList, error) {
	fields, err := mapping(node, "rules")
	if err != nil {
		return nil, err
	}
	value := fields["rules"]
	if value == nil {
		return nil, positionOf(node).errorf("want rules:")
	}
	items, err := sequence(value, "rules")
	if err != nil {
		return nil, err
	}
	list := &ruleList{}
	for _, item := range items {
		if err := list.add(item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// add adds a rule.
func (l *ruleList) add(node *yaml.Node) error {
	fields, err := mapping(node, "for", "locks", "allow")
	if err != nil {
		return err
	}
	rule := access.Rule{}
	at := places{positionOf(node), map[string]position{}, map[string][]position{}}
	var verbs []string
	for _, field := range []struct {
		name string
		to   *[]string
	}{{"for", &rule.For}, {"locks", &rule.Locks}, {"allow", &verbs}} {
		value := fields[field.name]
		if value == nil {
			continue // access.NewPolicy knows which must be there
		}
		at.fields[field.name] = positionOf(value)
		items, err := sequence(value, field.name)
		if err != nil {
			return err
		}
		for _, item := range items {
			text, err := scalar(item, field.name)
			if err != nil {
				return err
			}
			*field.to = append(*field.to, text)
			at.items[field.name] = append(at.items[field.name], positionOf(item))
		}
	}
	for _, verb := range verbs {
		rule.Allow = append(rule.Allow, wire.Verb(verb))
	}
	l.rules, l.places = append(l.rules, rule), append(l.places, at)
	return nil
}
