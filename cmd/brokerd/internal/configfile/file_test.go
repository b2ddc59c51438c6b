package configfile

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// grammar has a flag of each type.
type grammar struct {
	Config string        `help:"The file."`
	Name   string        `default:"a" env:"CONFIGFILE_NAME" help:"A name."`
	Count  int           `default:"3" env:"CONFIGFILE_COUNT" help:"A number of things, which may be large, so that this text needs more than one line of an example."`
	Port   uint16        `default:"1" help:"A port."`
	Rate   float64       `placeholder:"N" help:"A rate."`
	Wait   time.Duration `default:"3s" help:"A time."`
	Loud   bool          `help:"Whether."`
	Names  []string      `placeholder:"NAME" help:"Some names."`

	file *File
	keys []*kong.Flag
}

func (g *grammar) BeforeResolve(ctx *kong.Context) error {
	for _, flag := range ctx.Model.Flags {
		if flag.Name != "help" && flag.Name != "config" {
			g.keys = append(g.keys, flag)
		}
	}
	var err error
	if g.file, err = Parse("f.yaml", []byte(g.text(ctx)), g.keys); err == nil {
		ctx.AddResolver(g.file)
	}
	return err
}

// text returns the text of the file, which the tests pass as the flag config.
func (g *grammar) text(ctx *kong.Context) string {
	for _, flag := range ctx.Model.Flags {
		if flag.Name == "config" {
			text, _ := ctx.FlagValue(flag).(string)
			return text
		}
	}
	return ""
}

// parse parses a command line with a file.
func parse(text string, args ...string) (*grammar, *kong.Context, error) {
	g := &grammar{}
	ctx, err := cli.New(g, kong.Name("program")).Parse(append(args, "--config="+text))
	return g, ctx, err
}

// A flag takes precedence over the environment, the environment over the file, and the file over the default.
func TestPrecedence(t *testing.T) {
	t.Setenv("CONFIGFILE_COUNT", "5")
	const text = "name: b\ncount: 4\nport: 2\nwait: 4s\nloud: true\nnames: [x, \"y,z\"]\n\nrate: 2"
	g, ctx, err := parse(text, "--port=3")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]any{
		"name": {"b", "f.yaml:1:7"}, "count": {5, "$CONFIGFILE_COUNT"}, "port": {uint16(3), "command line"},
		"rate": {2.0, "f.yaml:8:7"}, "wait": {4 * time.Second, "f.yaml:4:7"}, "loud": {true, "f.yaml:5:7"},
	}
	for _, v := range Values(ctx, g.file, g.keys) {
		if w, tested := want[v.Key]; tested && (v.Value != w[0] || v.Source != w[1]) {
			t.Errorf("%s is %v from %s, want %v", v.Key, v.Value, v.Source, w)
		}
	}
	if g.Name != "b" || g.Count != 5 || g.Port != 3 || strings.Join(g.Names, "|") != "x|y,z" {
		t.Errorf("the flags are %+v", g)
	}
	if g, ctx, err = parse("# nothing"); err != nil {
		t.Fatal(err)
	}
	if source := sourceOf(ctx, g.file, g.keys[0]); g.Name != "a" || source != "default" {
		t.Errorf("with an empty file: %q from %s", g.Name, source)
	}
}

// An error is one line that begins with the place of the value.
func TestBadValues(t *testing.T) {
	for text, want := range map[string]string{
		"nam: b":               `f.yaml:1:1: unknown field "nam": did you mean name?`,
		"name: b\nname: c":     "f.yaml:2:1: name: given twice",
		"name: 3":              "f.yaml:1:7: name: want text: put it in quotes",
		"name: [a]":            "f.yaml:1:7: name: want a single value",
		"name: null":           "f.yaml:1:7: name: want text: put it in quotes",
		"\ncount: three":       "f.yaml:2:8: count: want a whole number",
		"count: 3.5":           "f.yaml:1:8: count: want a whole number",
		"count: \"3\"":         "f.yaml:1:8: count: want a whole number",
		"port: 70000":          "f.yaml:1:7: port: want a whole number from 0 to 65535",
		"rate: fast":           "f.yaml:1:7: rate: want a number",
		"wait: 3":              "f.yaml:1:7: wait: want a duration, such as 15s",
		"wait: 3parsecs":       "f.yaml:1:7: wait: want a duration, such as 15s",
		"loud: \"true\"":       "f.yaml:1:7: loud: want true or false",
		"names: x":             "f.yaml:1:8: names: want a list",
		"names: [x, 3]":        "f.yaml:1:12: names: want text: put it in quotes",
		"- name":               "f.yaml:1:1: want lines of the form KEY: VALUE",
		"name: &a b":           "f.yaml:1:7: anchors and aliases are not allowed",
		"name: b\n---\ncount:": "f.yaml:2:1: want one document only",
		"name: \"b":            "f.yaml:1:1: found unexpected end of stream",
	} {
		_, _, err := parse(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// An error about a flag gets the place in the file only if its value is from there.
func TestLocate(t *testing.T) {
	failed := &cli.Failure{Err: errorOf("--port: want another one than that of --name")}
	const place = "f.yaml:2:7: "
	for want, args := range map[string][]string{place + failed.Error(): nil, failed.Error(): {"--port=4"}} {
		g, ctx, err := parse("name: b\nport: 3", args...)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.file.Locate(ctx, failed, g.keys).Error(); got != want {
			t.Errorf("%q: got %s", args, got)
		}
	}
}

type errorOf string

func (e errorOf) Error() string { return string(e) }

// The example is a file in which every key can be switched on.
func TestExample(t *testing.T) {
	g, _, err := parse("")
	if err != nil {
		t.Fatal(err)
	}
	example, err := Example(g.keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := parse(example); err != nil {
		t.Errorf("the example: %v", err)
	}
	var file strings.Builder
	for line := range strings.Lines(example) {
		if key, found := strings.CutPrefix(line, "#"); found && !strings.HasPrefix(key, " ") {
			file.WriteString(strings.ReplaceAll(key, ": N\n", ": 1\n"))
		}
		if len(line) > lineWidth+1 {
			t.Errorf("the line is too long: %s", line)
		}
	}
	again, _, err := parse(file.String())
	if err != nil || again.Count != 3 || again.Wait != 3*time.Second {
		t.Errorf("%v: %+v with\n%s", err, again, &file)
	}
}

// The schema knows all keys and no others.
func TestSchema(t *testing.T) {
	g, _, err := parse("")
	if err != nil {
		t.Fatal(err)
	}
	text, err := Schema(g.keys)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties           map[string]struct{ Type, Default any }
		AdditionalProperties bool
	}
	schema.AdditionalProperties = true
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	p := schema.Properties
	if len(p) != len(g.keys) || schema.AdditionalProperties ||
		p["count"].Type != "integer" || p["count"].Default != 3.0 || p["wait"].Default != "3s" ||
		p["names"].Type != "array" || p["rate"].Default != nil {
		t.Errorf("the schema is %s", text)
	}
}
