package policyfile

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/strictyaml"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A ruleList is the rules of a file, and where they are.
type ruleList struct {
	rules  []access.Rule
	places []places
}

// places are where the parts of a rule are.
type places struct {
	rule   strictyaml.Position
	fields map[string]strictyaml.Position
	items  map[string][]strictyaml.Position
}

// locate puts the position of a rule's item before an error of access.NewPolicy.
func (l *ruleList) locate(err error) error {
	broken := new(access.RuleError)
	if !errors.As(err, &broken) || broken.Rule >= len(l.places) {
		return strictyaml.Start.Errorf("%w", err)
	}
	p := l.places[broken.Rule]
	at := p.rule
	if field, found := p.fields[broken.Field]; found {
		at = field
	}
	if items := p.items[broken.Field]; broken.Item >= 0 && broken.Item < len(items) {
		at = items[broken.Item]
	}
	return at.Errorf("%w", err)
}

func parseDocument(node *yaml.Node) (*ruleList, error) {
	fields, err := strictyaml.Mapping(node, "rules")
	if err != nil {
		return nil, err
	}
	value := fields["rules"]
	if value == nil {
		return nil, strictyaml.At(node).Errorf("want rules:")
	}
	items, err := strictyaml.Sequence(value, "rules")
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
	fields, err := strictyaml.Mapping(node, "for", "locks", "allow")
	if err != nil {
		return err
	}
	rule := access.Rule{}
	at := places{strictyaml.At(node), map[string]strictyaml.Position{}, map[string][]strictyaml.Position{}}
	var verbs []string
	for _, field := range []struct {
		name string
		to   *[]string
	}{{"for", &rule.For}, {"locks", &rule.Locks}, {"allow", &verbs}} {
		value := fields[field.name]
		if value == nil {
			continue // access.NewPolicy knows which must be there
		}
		at.fields[field.name] = strictyaml.At(value)
		items, err := strictyaml.Sequence(value, field.name)
		if err != nil {
			return err
		}
		for _, item := range items {
			text, err := strictyaml.Text(item, field.name)
			if err != nil {
				return err
			}
			*field.to = append(*field.to, text)
			at.items[field.name] = append(at.items[field.name], strictyaml.At(item))
		}
	}
	for _, verb := range verbs {
		rule.Allow = append(rule.Allow, wire.Verb(verb))
	}
	l.rules, l.places = append(l.rules, rule), append(l.places, at)
	return nil
}
