package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Mapping returns the values of a mapping that may have only some keys, each at most once.
func Mapping(node *yaml.Node, keys ...string) (map[string]*yaml.Node, error) {
	if err := plain(node); err != nil {
		return nil, err
	}
	if node.Kind != yaml.MappingNode || node.ShortTag() != "!!map" {
		if len(keys) > maxListed {
			return nil, At(node).Errorf("want lines of the form KEY: VALUE")
		}
		return nil, At(node).Errorf("want a mapping with %s", list(keys))
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if err := plain(key); err != nil {
			return nil, err
		}
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(keys, key.Value):
			return nil, At(key).Errorf("unknown field%s%s", quoted(key.Value), suggest(key.Value, keys))
		case values[key.Value] != nil:
			return nil, At(key).Errorf("%s: given twice", key.Value)
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

// maxListed is how many keys an error lists.
const maxListed = 6

// suggest returns what an error says about the known keys: all of them, or the one that is one typing error
// away from the unknown one.
func suggest(unknown string, keys []string) string {
	if len(keys) <= maxListed {
		return ": want " + list(keys)
	}
	for _, key := range keys {
		if len(unknown) <= 2*len(key) && levenshtein.ComputeDistance(unknown, key) == 1 {
			return ": did you mean " + key + "?"
		}
	}
	return ""
}

// list returns words with commas, and "or" before the last.
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Sequence returns the items of a list. Errors name the field.
func Sequence(node *yaml.Node, field string) ([]*yaml.Node, error) {
	if err := plain(node); err != nil {
		return nil, err
	}
	if node.Kind != yaml.SequenceNode || node.ShortTag() != "!!seq" {
		return nil, At(node).Errorf("%s: want a list", field)
	}
	return node.Content, nil
}

// Text returns a text. Numbers, dates and true are not text unless they are in quotes. Errors name the
// field.
func Text(node *yaml.Node, field string) (string, error) {
	if err := plain(node); err != nil {
		return "", err
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" {
		return "", At(node).Errorf("%s: want text: put it in quotes", field)
	}
	return node.Value, nil
}

// Scalar returns a text, number, boolean or null as it is written, and its tag, such as !!int. Errors name
// the field.
func Scalar(node *yaml.Node, field string) (text, tag string, err error) {
	if err := plain(node); err != nil {
		return "", "", err
	}
	if node.Kind != yaml.ScalarNode {
		return "", "", At(node).Errorf("%s: want a single value", field)
	}
	return node.Value, node.ShortTag(), nil
}

// plain refuses anchors and aliases, with which a short file can stand for a very long one.
func plain(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return At(node).Errorf("anchors and aliases are not allowed")
	}
	return nil
}
