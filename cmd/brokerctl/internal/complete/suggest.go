package complete

import (
	"context"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
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
	// Sources maps values of the tag "complete" to sources. The value "command" stands for the commands of App
	// and needs no source. An argument or flag without this tag and without an enum is not completed.
	Sources map[string]Source
	// Runner is the command that takes -- and the command line of another program. The shell completes that
	// command line itself.
	Runner string
}

// Suggest returns suggestions for the current word. Before holds the words before it, without the name of the
// program. Suggest drops suggestions that are not printable.
func (c *Completer) Suggest(ctx context.Context, before []string, current string) []Suggestion {
	if isGlobalValue(c.App, before) {
		return nil
	}
	before = cli.CommandFirst(c.App.Model, before)
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

// isGlobalValue reports whether the word after those before is the value of a global flag in front of the command.
func isGlobalValue(app *kong.Kong, before []string) bool {
	return len(cli.CommandFirst(app.Model, append(slices.Clone(before), "value"))) == 0
}

// isOthers reports whether the current word belongs to the command line of another program.
func (c *Completer) isOthers(before []string) bool {
	return len(before) > 0 && before[0] == c.Runner && slices.Contains(before, "--")
}

func (c *Completer) candidates(ctx context.Context, p place) []Suggestion {
	switch {
	case p.value == nil && p.flags && p.node == c.App.Model.Node:
		return slices.Concat(flags(p.node.AllFlags(true)...), flags(cli.GlobalFlags(c.App.Model)))
	case p.value == nil && p.flags:
		return flags(p.node.AllFlags(true)...)
	case p.value == nil:
		return commands(p.node)
	}
	if p.value.Tag.Get("complete") == "command" {
		return commands(c.App.Model.Node)
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

func flags(groups ...[]*kong.Flag) []Suggestion {
	var found []Suggestion
	for _, flag := range slices.Concat(groups...) {
		found = append(found, Suggestion{"--" + flag.Name, about(flag.Help)})
	}
	return found
}

// about shortens a help text to a description: its first sentence.
func about(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}
