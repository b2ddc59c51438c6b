package complete

import (
	"context"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A Suggestion is a possible value of a word.
type Suggestion struct {
	Value string
	About string // a short description; may be empty
}

// A Source returns values that begin with prefix. It may return others, which are dropped. The command is a
// pointer to the struct of the command on the line. Its flags have their values from the line, the environment
// or the defaults.
type Source func(ctx context.Context, command any, prefix string) []Suggestion

// A Completer completes a command line.
type Completer struct {
	App *kong.Kong
	// Sources maps values of the tag "complete" to sources. An argument or flag without this tag and
	// without an enum is not completed.
	Sources map[string]Source
	// Runner is the command that takes -- and the command line of another program. The shell completes that
	// command line itself.
	Runner string
}

// Suggest returns suggestions for the current word. Before holds the words before it, without the name of the
// program. Suggest drops suggestions that are not printable.
func (c *Completer) Suggest(ctx context.Context, before []string, current string) []Suggestion {
	p, ok := find(c.App, before, current)
	if !ok || c.isOthers(before) {
		return nil
	}
	var found []Suggestion
	for _, s := range c.candidates(ctx, p) {
		if !strings.HasPrefix(s.Value, p.typed) || printable.Text(s.Value) != s.Value {
			continue
		}
		if p.value != nil && !p.plain && strings.HasPrefix(s.Value, "-") {
			continue // It would be parsed as a flag.
		}
		found = append(found, Suggestion{p.ahead + s.Value, printable.Text(s.About)})
	}
	return found
}

func (c *Completer) isOthers(before []string) bool {
	return len(before) > 0 && before[0] == c.Runner && slices.Contains(before, "--")
}

func (c *Completer) candidates(ctx context.Context, p place) []Suggestion {
	switch {
	case p.value == nil && p.flags:
		return flags(p.node)
	case p.value == nil:
		return commands(p.node)
	}
	if source := c.Sources[p.value.Tag.Get("complete")]; source != nil {
		return source(ctx, p.command(), p.typed)
	}
	var found []Suggestion
	if p.value.Enum != "" {
		for _, value := range p.value.EnumSlice() {
			found = append(found, Suggestion{Value: value})
		}
	}
	return found
}

func commands(node *kong.Node) []Suggestion {
	var found []Suggestion
	for _, child := range node.Children {
		if !child.Hidden {
			found = append(found, Suggestion{child.Name, about(child.Help)})
		}
	}
	return found
}

func flags(node *kong.Node) []Suggestion {
	var found []Suggestion
	for _, flag := range slices.Concat(node.AllFlags(true)...) {
		found = append(found, Suggestion{"--" + flag.Name, about(flag.Help)})
	}
	return found
}

// about shortens a help text to a description.
func about(help string) string { return strings.TrimSuffix(help, ".") }
