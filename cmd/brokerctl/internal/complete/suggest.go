package complete

import (
	"context"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A Suggestion is what a word could be.
type Suggestion struct {
	Value string
	About string // a few words for people; may be empty
}

// A Source suggests values that begin with the prefix; others do no harm. The
// command is a pointer to the struct of the one on the line, as far as it is typed:
// flags have their values, from the line, the environment or the default.
type Source func(ctx context.Context, command any, prefix string) []Suggestion

// A Completer knows a command line.
type Completer struct {
	App *kong.Kong
	// Sources are named by the tag "complete" of arguments and flags. What has no
	// such tag, and no enum, is not completed.
	Sources map[string]Source
	// Runner is the command behind whose -- stands the command line of another
	// program, which the shell completes by itself.
	Runner string
}

// Suggest returns what the current word could be after those before it, the name
// of the program not counted. Nothing that could reach the terminal as anything
// but text is among it.
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
			continue // it would be taken for a flag
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

// about is a help text as a label.
func about(help string) string { return strings.TrimSuffix(help, ".") }
