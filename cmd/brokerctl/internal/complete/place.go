package complete

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A place says what the word under the cursor stands for: the value of an argument or a flag, a flag, or a command.
type place struct {
	node  *kong.Node  // the selected command
	value *kong.Value // the argument or flag whose value is typed; or nil
	flags bool        // without a value: a flag is typed, not a command
	plain bool        // a leading dash does not mean a flag
	ahead string      // the part of the word before the typed value, such as --lock=
	typed string
}

// command returns a pointer to the struct of the command.
func (p place) command() any { return p.node.Target.Addr().Interface() }

// find returns the place of the current word. It returns false if no word fits there. It parses the words before into
// the structs of app.
func find(app *kong.Kong, before []string, current string) (place, bool) {
	if p, ok := flagValue(app, before, current); ok {
		return p, true
	}
	ctx, ok := trace(app, before)
	if !ok {
		return place{}, false
	}
	p := place{node: selected(ctx), typed: current, plain: slices.Contains(before, "--")}
	if !p.plain && strings.HasPrefix(current, "-") {
		p.flags = true
		return assigned(p)
	}
	p.value = argument(ctx, p.node)
	return p, p.value != nil || len(p.node.Children) > 0
}

// flagValue handles a word after a flag that needs a value.
func flagValue(app *kong.Kong, before []string, current string) (place, bool) {
	if len(before) == 0 || slices.Contains(before, "--") {
		return place{}, false
	}
	last := len(before) - 1
	ctx, ok := trace(app, before[:last])
	if !ok {
		return place{}, false
	}
	node := selected(ctx)
	flag := flagNamed(node, before[last])
	if flag == nil || flag.IsBool() || flag.IsCounter() {
		return place{}, false
	}
	return place{node: node, value: flag.Value, typed: current}, true
}

// assigned handles a word of the form --flag=value, and returns other places unchanged.
func assigned(p place) (place, bool) {
	name, value, ok := strings.Cut(p.typed, "=")
	if !ok {
		return p, true
	}
	flag := flagNamed(p.node, name)
	if flag == nil {
		return p, false
	}
	p.value, p.ahead, p.typed, p.plain = flag.Value, name+"=", value, true
	return p, true
}

// trace parses words into the structs of app, without the checks that only a complete command line can pass.
func trace(app *kong.Kong, words []string) (*kong.Context, bool) {
	ctx, err := kong.Trace(app, words)
	if err != nil || ctx.Error != nil || ctx.Reset() != nil {
		return nil, false
	}
	_, err = ctx.Apply()
	return ctx, err == nil
}

func selected(ctx *kong.Context) *kong.Node {
	if node := ctx.Selected(); node != nil {
		return node
	}
	return ctx.Model.Node
}

// argument returns the next positional argument, or nil.
func argument(ctx *kong.Context, node *kong.Node) *kong.Value {
	next := 0
	for i, step := range ctx.Path {
		if step.Positional == nil {
			continue
		}
		if step.Positional.IsCumulative() && i == len(ctx.Path)-1 {
			return step.Positional // A repeated argument takes the next word, too.
		}
		next = step.Positional.Position + 1
	}
	if next < len(node.Positional) {
		return node.Positional[next]
	}
	return nil
}

// flagNamed returns the flag for the word --name or -n, or nil.
func flagNamed(node *kong.Node, word string) *kong.Flag {
	for _, flag := range slices.Concat(node.AllFlags(false)...) {
		if word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}
