package locktable

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the events in the scripts of the lock table")

// TestScripts runs testdata/locktable/*.txt. A script has prose, in lines that begin with #, and
// scenarios. A scenario has a title (==), perhaps a line of config, and commands. What a command has
// caused is indented beneath it. With -update the test rewrites the indented lines; read the difference
// before you keep it.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.FromSlash("../../../testdata/locktable/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	scenarios := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		result, n := runScript(t, name, string(text))
		scenarios += n
		if *update && result != string(text) {
			if err := os.WriteFile(file, []byte(result), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if scenarios < 30 {
		t.Errorf("found only %d scenarios", scenarios)
	}
}

// runScript runs the scenarios of a script. It returns the script with the events that came, and the
// number of scenarios.
func runScript(t *testing.T, name, text string) (result string, scenarios int) {
	parts := strings.SplitAfter(text, "\n== ")
	result = parts[0]
	lines := 1 + strings.Count(parts[0], "\n")
	for _, part := range parts[1:] {
		title, _, _ := strings.Cut(part, "\n")
		t.Run(name+"/"+title, func(t *testing.T) {
			result += runScenario(t, name, lines, part)
		})
		lines += strings.Count(part, "\n")
	}
	return result, len(parts) - 1
}

// runScenario runs a scenario whose text begins with the rest of its title. Its first line has that
// number in the script.
func runScenario(t *testing.T, name string, number int, text string) string {
	var result []string
	var s *scenario
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		result = append(result, line)
		switch {
		case i == 0 || strings.TrimSpace(line) == "" || line[0] == '#' || line == "== ":
			continue
		case strings.HasPrefix(line, "config "):
			s = startScenario(t, strings.TrimPrefix(line, "config "))
			continue
		case s == nil:
			s = startScenario(t, "")
		}
		got := s.step(t, line)
		var want []string
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], " ") {
			want = append(want, strings.TrimSpace(lines[i+1]))
			i++
		}
		if !*update && !slices.Equal(got, want) {
			t.Errorf("%s.txt:%d: %s\n got %s\nwant %s", name, number+i-len(want), line,
				strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		for _, event := range got {
			result = append(result, "  "+event)
		}
	}
	if s == nil {
		t.Fatalf("%s.txt:%d: a scenario without commands", name, number)
	}
	s.finish(t)
	return strings.Join(result, "\n")
}

// A scenario is a table and everything that checks it.
type scenario struct {
	table    *Table
	driver   driver
	recorder recorder
}

func startScenario(t *testing.T, line string) *scenario {
	config, err := parseConfig(line)
	if err != nil {
		t.Fatal(err)
	}
	table := New(config)
	return &scenario{table: table, driver: driver{machine: table}}
}

// step runs a line and returns what it has caused.
func (s *scenario) step(t *testing.T, line string) []string {
	c, err := parseCommand(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	s.recorder.watch(c)
	o := s.driver.do(c)
	called := c.verb != verbClock && c.verb != verbDeadline
	if err := cmp.Or(s.recorder.see(o.Events), s.recorder.agrees(s.table), check(s.table)); err != nil && called {
		t.Fatalf("after %s: %v", line, err)
	}
	return o.lines(c)
}

// finish drops all sessions. Nothing may be left then.
func (s *scenario) finish(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(maps.Collect(s.table.sessions.All()))) {
		s.step(t, fmt.Sprintf("drop %s", name))
	}
	if err := checkEmpty(s.table); err != nil {
		t.Errorf("at the end: %v", err)
	}
}
