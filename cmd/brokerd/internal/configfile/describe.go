package configfile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// lineWidth is the width of the comments in an example.
const lineWidth = 100

const preface = `# The configuration of brokerd. A flag takes precedence over its variable in the environment,
# the environment over this file, and this file over the default. On SIGHUP brokerd reads the
# file again.
`

// Example returns a configuration file with all keys. Each is commented out, with its documentation and its
// default, unless it has a value in set.
func Example(flags []*kong.Flag, set map[string]any) (string, error) {
	var out strings.Builder
	out.WriteString(preface)
	for _, flag := range flags {
		out.WriteString("\n")
		help := flag.Help
		if len(flag.Envs) > 0 {
			help += " Variable: " + flag.Envs[0] + "."
		}
		for _, line := range wrap(help, lineWidth-len("# ")) {
			out.WriteString("# " + line + "\n")
		}
		value, isSet := set[flag.Name]
		if !isSet {
			_, _ = fmt.Fprintf(&out, "#%s: %s\n", flag.Name, exampleOf(flag))
			continue
		}
		if text, ok := value.(fmt.Stringer); ok {
			value = text.String()
		}
		line, err := yaml.Marshal(map[string]any{flag.Name: value})
		if err != nil {
			return "", err
		}
		out.Write(line)
	}
	return out.String(), nil
}

// wrap returns the lines of a text that are at most that wide, if no word is wider.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// exampleOf returns the default of a flag as the file would have it, or what an example may look like.
func exampleOf(flag *kong.Flag) string {
	text := flag.Default
	switch {
	case text == "" && flag.IsBool():
		text = "false"
	case text == "":
		text = flag.PlaceHolder
	}
	if of := kindOf(flag); of.accepts("!!str") && !of.accepts("!!int") {
		text = fmt.Sprintf("%q", text)
	}
	if flag.IsSlice() {
		text = "[" + text + "]"
	}
	return text
}

// A property is the JSON Schema of a key.
type property struct {
	Type        any       `json:"type"`
	Items       *property `json:"items,omitempty"`
	Enum        []string  `json:"enum,omitempty"`
	Description string    `json:"description,omitempty"`
	Default     any       `json:"default,omitempty"`
}

// Schema returns a JSON Schema of the file (draft 2020-12).
func Schema(flags []*kong.Flag) ([]byte, error) {
	properties := map[string]*property{}
	for _, flag := range flags {
		p := &property{Type: schemaTypes(kindOf(flag))}
		if choices := strings.Split(flag.PlaceHolder, "|"); len(choices) > 1 {
			p.Enum = choices
		}
		if flag.IsSlice() {
			p = &property{Type: "array", Items: p}
		}
		p.Description = flag.Help
		if flag.HasDefault {
			p.Default = defaultOf(flag)
		}
		properties[flag.Name] = p
	}
	return json.MarshalIndent(map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "The configuration of brokerd",
		"type":                 "object",
		"properties":           properties,
		"additionalProperties": false,
	}, "", "  ")
}

// schemaTypes returns the types of JSON that a kind accepts.
func schemaTypes(k kind) any {
	names := map[string]string{"!!str": "string", "!!int": "integer", "!!float": "number", "!!bool": "boolean"}
	var types []string
	for _, tag := range k.tags {
		types = append(types, names[tag])
	}
	if len(types) == 1 {
		return types[0]
	}
	return types
}

// defaultOf returns the default of a flag as JSON has it.
func defaultOf(flag *kong.Flag) any {
	target := reflect.New(flag.Target.Type()).Elem()
	if kindOf(flag).accepts("!!str") || flag.Parse(kong.ScanFromTokens(
		kong.Token{Type: kong.FlagValueToken, Value: flag.Default}), target) != nil {
		return flag.Default
	}
	return target.Interface()
}
