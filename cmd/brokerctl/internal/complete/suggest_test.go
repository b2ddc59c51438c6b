package complete

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// where is embedded, as in the commands of brokerctl.
type where struct {
	Host string `global:"" default:"here" env:"COMPLETE_TEST_HOST" help:"The host to query."`
	Port int    `global:"" short:"p" default:"1"`
}

func (w where) address() string { return fmt.Sprintf("%s:%d", w.Host, w.Port) }

type testGrammar struct {
	List struct {
		where
		Quiet  bool   `short:"q"`
		Secret string `hidden:""`
		Kind   string `enum:"new,old" default:"new"`
		Free   string
		Name   string   `complete:"name"`
		One    string   `arg:"" complete:"name" optional:""`
		More   []string `arg:"" complete:"name" optional:""`
	} `cmd:"" help:"List them."`
	Link struct {
		Shell string `arg:"" enum:"bash,fish"`
	} `cmd:""`
	Help struct {
		Command string `arg:"" complete:"command"`
	} `cmd:""`
	Hidden struct{} `cmd:"" hidden:""`
}

// TestSuggest checks suggestions. In each line, | precedes the word that is being typed.
func TestSuggest(t *testing.T) {
	const options = "--help --host --port --quiet --kind --free --name"
	for _, c := range []struct{ line, want string }{
		{"|", "list link help"},
		{"|lis", "list"},
		{"|x", ""},
		{"|-", "--help --host --port"},
		{"--host there |", "list link help"},
		{"--host=there |l", "list link"},
		{"-p3 |-", "--help --host --port"},
		{"--host |", ""},
		{"--host |l", ""},
		{"--host there -p 3 list |", "there:3"},
		{"--quiet |", ""}, // A flag of a command does not come before it.
		{"help |l", "list link"},
		{"list |-", options},
		{"list |--ho", "--host"},
		{"list |--no", ""},
		{"list |", "here:1"},
		{"list |h", "here:1"},
		{"list |-x", ""}, // It would be a flag.
		{"list -- |-", "-dash"},
		{"list -- |", "here:1 -dash"},
		{"list --host there -p 3 |", "there:3"},
		{"list --host=there -p3 |", "there:3"},
		{"list -q |", "here:1"},
		{"list a b c |", "here:1"},
		{"list a b --port 5 |", ""}, // kong wants repeated arguments together.
		{"list --name |", "here:1"},
		{"list --name |-", ""},
		{"list a --name |h", "here:1"},
		{"list |--name=", "--name=here:1 --name=-dash"},
		{"list |--nix=", ""},
		{"list --port many |", ""},
		{"list --nix x |", ""},
		{"list --kind |", "new old"},
		{"list |--kind=o", "--kind=old"},
		{"list --free |", ""},
		{"list --port |", ""},
		{"link |", "bash fish"},
		{"link bash |", ""},
		{"nix |", ""},
	} {
		before, current, _ := strings.Cut(c.line, "|")
		var got []string
		for _, s := range newCompleter(t).Suggest(t.Context(), strings.Fields(before), current) {
			got = append(got, s.Value)
		}
		if want := strings.Fields(c.want); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", c.line, got, want)
		}
	}
}

// TestSuggestEnvironment checks that a source gets values from the environment.
func TestSuggestEnvironment(t *testing.T) {
	t.Setenv("COMPLETE_TEST_HOST", "elsewhere")
	got := newCompleter(t).Suggest(t.Context(), []string{"list"}, "e")
	if len(got) != 1 || got[0].Value != "elsewhere:1" {
		t.Errorf("got %v", got)
	}
}

// newCompleter returns a completer whose source suggests the address that it would query, a name that looks like a
// flag, and names that must not reach a terminal.
func newCompleter(t *testing.T) *Completer {
	t.Helper()
	app, err := kong.New(&testGrammar{}, kong.Name("test"))
	if err != nil {
		t.Fatal(err)
	}
	source := func(_ context.Context, command any, _ string) []Suggestion {
		asked := command.(interface{ address() string }).address()
		return []Suggestion{
			{Value: asked}, {Value: "-dash"}, {Value: "h\x1b[2J"}, {Value: "h\nb"}, {Value: "h\tb"},
		}
	}
	return &Completer{App: app, Sources: map[string]Source{"name": source}}
}
