// Package scripttest runs the scripts that specify a state machine: package core, and package owner.
package scripttest

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the outputs in the scripts")

// Run runs testdata/*.txt, which must have at least that many scenarios. A script has prose, in lines that begin with
// #, and scenarios. A scenario has a title (==), perhaps a line of config, and commands. What a command has caused is
// indented beneath it.
//
// start starts a scenario with its line of config, or "", and returns the function that does a command. With -update,
// Run rewrites the indented lines; read the difference before you keep it.
func Run(t *testing.T, least int, start func(t *testing.T, config string) (step func(line string) []string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	scenarios := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(string(text), "\n== ")
		for i, part := range parts[1:] {
			title, _, _ := strings.Cut(part, "\n")
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+title, func(t *testing.T) {
				parts[i+1] = runScenario(t, part, start)
			})
			scenarios++
		}
		if result := strings.Join(parts, "\n== "); *update && result != string(text) {
			if err := os.WriteFile(file, []byte(result), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if scenarios < least {
		t.Errorf("found only %d scenarios", scenarios)
	}
}

// runScenario runs a scenario whose text begins with its title. It returns the text with the outputs that came.
func runScenario(t *testing.T, text string, start func(*testing.T, string) func(string) []string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	result := lines[:1:1]
	config := ""
	if len(lines) > 1 && strings.HasPrefix(lines[1], "config ") {
		config, result, lines = lines[1], append(result, lines[1]), lines[1:]
	}
	step := start(t, config)
	for i := 1; i < len(lines); i++ {
		line := lines[i]
		result = append(result, line)
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		got := step(line)
		var want []string
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], " ") {
			want = append(want, strings.TrimSpace(lines[i+1]))
			i++
		}
		if !*update && !slices.Equal(got, want) {
			t.Errorf("%s\n got %s\nwant %s", line,
				strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		for _, output := range got {
			result = append(result, "  "+output)
		}
	}
	return strings.Join(result, "\n")
}
