package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// mapping returns the values of a mapping that may have only some keys, each at most once.
func mapping(node *yaml.Node, keys ...string) (map[string]*yaml.Node, error) {
	if err := plain(node); err != nil {
		return nil, err
	}
	if node.Kind != yaml.MappingNode || node.ShortTag() != "!!map" {
		return nil, positionOf(node).errorf("want a mapping with %s", list(keys))
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if err := plain(key); err != nil {
			return nil, err
		}
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(keys, key.Value):
			return nil, positionOf(key).errorf("unknown field%s: want %s", quoted(key.Value), list(keys))
		case values[key.Value] != nil:
			return nil, positionOf(key).errorf("%s: given twice", key.Value)
		}
		values[key.Value] = value
	}
	return values, nil
}

// quoted returns a word in quotes, after a space. It returns nothing for other text: that may be a secret
// in the wrong place.
func quoted(text string) string {
	if !printable.IsWord(text) {
		return ""
	}
	return fmt.Sprintf(" %q", text)
}

// list returns words with commas, and "or" before the last.
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// sequence returns the items of a list.
func sequence(node *yaml.Node, field string) ([]*yaml.Node, error) {
	if err := plain(node); err != nil {
		return nil, err
	}
	if node.Kind != yaml.SequenceNode || node.ShortTag() != "!!seq" {
		return nil, positionOf(node).errorf("%s: want a list", field)
	}
	return node.Content, nil
}

// scalar returns a text. Numbers, dates and true are not text unless they are in quotes.
func scalar(node *yaml.Node, field string) (string, error) {
	if err := plain(node); err != nil {
		return "", err
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" {
		return "", positionOf(node).errorf("%s: want text: put it in quotes", field)
	}
	return node.Value, nil
}

// plain refuses anchors and aliases, with which a short file can stand for a very long one.
func plain(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return positionOf(node).errorf("anchors and aliases are not allowed")
	}
	return nil
}
