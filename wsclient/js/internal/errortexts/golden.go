package errortexts

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const head = `
The errors of the JavaScript client, each in a situation that causes it, on every platform that says
something else than the first. In brackets is the code or the name of the cause. "shop" is the session of
the client, and "billing" the session of another. These commands rewrite this file:

    go test ./wsclient/js -run TestErrorTexts -update
    go test ./wsclient/js/chromium -run TestErrorTexts -update
`

// platforms are in the order of their lines. The errors of a platform that is not listed are compared with the errors
// of the first.
var platforms = []string{"ws", "Node 20", "Node 24", "Chromium"}

// A golden has the text that each platform gives in each situation. A platform without a text gives the text of the
// first.
type golden struct {
	situations []string // in order; a situation with several errors has one entry for each, such as "a bad URL\n2"
	texts      map[string]map[string]string
}

// Check compares what texts.js returns on a platform with errors.golden, or writes it there.
func Check(t *testing.T, platform string, got [][2]string, update bool) {
	t.Helper()
	path := goldenPath()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(platforms, platform) {
		t.Fatalf("there is no platform %q", platform)
	}
	g := parse(string(old))
	g.set(platform, got)
	text := g.String()
	if update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // as all files here
			t.Fatal(err)
		}
		return
	}
	if text != string(old) {
		t.Errorf("errors.golden is not what %s says: run the commands in it, and look at the difference:\n%s",
			platform, difference(string(old), text))
	}
}

// goldenPath returns the path of errors.golden, from whatever package the test is.
func goldenPath() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "errors.golden")
}

// parse reads a golden file.
func parse(text string) *golden {
	g := &golden{texts: map[string]map[string]string{}}
	for section := range strings.SplitSeq(strings.TrimPrefix(text, head[1:]), "\n== ") {
		title, body, _ := strings.Cut(section, "\n")
		count := 0
		for line := range strings.Lines(body) {
			platform, said, found := strings.Cut(strings.TrimSuffix(line, "\n"), " | ")
			if !found {
				continue
			}
			platform = strings.TrimSpace(platform)
			if platform == platforms[0] {
				count++
			}
			g.put(fmt.Sprintf("%s\n%d", title, count), platform, said)
		}
	}
	return g
}

func (g *golden) put(situation, platform, text string) {
	if g.texts[situation] == nil {
		g.texts[situation] = map[string]string{}
		g.situations = append(g.situations, situation)
	}
	g.texts[situation][platform] = text
}

// set replaces the texts of a platform. The first platform says which situations there are, and in which order.
func (g *golden) set(platform string, got [][2]string) {
	before := g.texts
	if platform == platforms[0] {
		g.situations, g.texts = nil, map[string]map[string]string{}
	}
	count := map[string]int{}
	for _, row := range got {
		count[row[0]]++
		situation := fmt.Sprintf("%s\n%d", row[0], count[row[0]])
		if platform == platforms[0] {
			for other, text := range before[situation] {
				g.put(situation, other, text)
			}
		}
		g.put(situation, platform, row[1])
	}
}

func (g *golden) String() string {
	var text strings.Builder
	text.WriteString(head[1:])
	for _, situation := range g.situations {
		title, number, _ := strings.Cut(situation, "\n")
		if number == "1" {
			fmt.Fprintf(&text, "\n== %s\n", title)
		}
		said := g.texts[situation]
		for _, platform := range platforms {
			if line, ok := said[platform]; ok && (platform == platforms[0] || line != said[platforms[0]]) {
				fmt.Fprintf(&text, "%-8s | %s\n", platform, line)
			}
		}
	}
	return text.String()
}

// difference returns the lines that only one of two texts has.
func difference(old, fresh string) string {
	var text strings.Builder
	before, after := strings.Split(old, "\n"), strings.Split(fresh, "\n")
	for _, line := range before {
		if !slices.Contains(after, line) {
			fmt.Fprintln(&text, "-", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			fmt.Fprintln(&text, "+", line)
		}
	}
	return text.String()
}
