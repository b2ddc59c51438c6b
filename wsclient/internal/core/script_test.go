package core

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the outputs in the scripts of the client's core")

// TestScripts runs testdata/wsclient/*.txt. A script has prose (lines that begin with #) and scenarios. A scenario is
// a title (==), perhaps a line of config, and commands. The indented lines below a command show what it caused. With
// -update they are rewritten; read the difference before keeping it.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.FromSlash("../../../testdata/wsclient/*.txt"))
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
	if scenarios < 40 {
		t.Errorf("found %d scenarios, want 40 or more", scenarios)
	}
}

// runScript runs every scenario of a script. It returns the script with the outputs of this run, and the number of
// scenarios.
func runScript(t *testing.T, name, text string) (result string, scenarios int) {
	parts := strings.SplitAfter(text, "\n== ")
	result = parts[0]
	line := 1 + strings.Count(parts[0], "\n")
	for _, part := range parts[1:] {
		title, _, _ := strings.Cut(part, "\n")
		t.Run(name+"/"+title, func(t *testing.T) {
			result += runScenario(t, fmt.Sprintf("%s.txt", name), line, part)
		})
		line += strings.Count(part, "\n")
	}
	return result, len(parts) - 1
}

// runScenario runs the lines of a scenario. The first is the rest of its title.
func runScenario(t *testing.T, file string, number int, text string) string {
	var result []string
	var s *scenario
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		result = append(result, line)
		switch {
		case i == 0 || strings.TrimSpace(line) == "" || line[0] == '#' || line == "== ":
			continue
		case strings.HasPrefix(line, "config"):
			s = startScenario(t, line)
			continue
		case s == nil:
			s = startScenario(t, "config")
		}
		got := s.step(t, line)
		var want []string
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], " ") {
			want = append(want, strings.TrimSpace(lines[i+1]))
			i++
		}
		if !*update && !slices.Equal(got, want) {
			t.Errorf("%s:%d: %s\n got %s\nwant %s", file, number+i-len(want), line,
				strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		for _, output := range got {
			result = append(result, "  "+output)
		}
	}
	if s == nil {
		t.Fatalf("%s:%d: a scenario without commands", file, number)
	}
	s.finish(t)
	return strings.Join(result, "\n")
}

// A scenario is a machine, and an oracle that must agree with it.
type scenario struct{ duel }

func startScenario(t *testing.T, line string) *scenario {
	config, err := parseConfig(line)
	if err != nil {
		t.Fatal(err)
	}
	return &scenario{newDuel(config)}
}

func parseConfig(line string) (config Config, err error) {
	w := &words{strings.Fields(line)[1:]}
	for err == nil && len(w.rest) > 0 {
		switch word := w.next(); word {
		case "stop":
			config.StopTime, err = w.duration()
		case "noreconnect":
			config.NoReconnect = true
		case "keep":
			config.KeepSession = true
		default:
			return config, fmt.Errorf("not understood: %q", word)
		}
	}
	return config, err
}

// step runs a line and returns what it caused.
func (s *scenario) step(t *testing.T, line string) []string {
	t.Helper()
	c, err := parseCommand(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	lines, err := s.duel.step(c)
	if err != nil {
		t.Fatalf("after %s: %v", line, err)
	}
	return lines
}

// finish closes the client, and checks that nothing is left.
func (s *scenario) finish(t *testing.T) {
	t.Helper()
	s.step(t, "close")
	if err := cmp.Or(checkEmpty(s.driver.machine)); err != nil {
		t.Errorf("at the end: %v", err)
	}
}

// A duel is a machine and an oracle that get the same commands.
type duel struct {
	driver driver
	oracle *oracle
	log    strings.Builder
}

func newDuel(config Config) duel {
	return duel{driver: driver{machine: New(config)}, oracle: newOracle(config)}
}

// step gives c to the machine and to the oracle. Both must give the same outputs, and the invariants must hold.
func (d *duel) step(c command) ([]string, error) {
	fmt.Fprintln(&d.log, c)
	got, err := d.driver.do(c)
	for _, line := range got {
		fmt.Fprintln(&d.log, "  "+line)
	}
	if err != nil {
		return got, err
	}
	untimely := []string{"clock", "confirm", "release", "cancel", "drain", "close", "giveup", "state", "deadline",
		"parent", "token"}
	timely := !slices.Contains(untimely, c.verb) && d.driver.machine.Closed() == nil
	if err := cmp.Or(
		check(d.driver.machine, d.driver.requests, d.driver.now, timely),
		d.driver.recorder.agrees(&d.driver),
	); err != nil {
		return got, err
	}
	if r := d.driver.machine.resumption; r != nil { // the machine alone knows how it cuts a statement
		d.oracle.parts = r.conn.parts
	}
	if want := d.oracle.do(c); !slices.Equal(got, want) {
		return got, fmt.Errorf("%s\n  %s\nbut the oracle says\n  %s", c,
			strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return got, nil
}

const second = time.Second
