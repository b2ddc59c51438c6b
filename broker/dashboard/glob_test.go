package dashboard_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

var globSeed = flag.Uint64("globseed", 0, "the seed of TestGlobs; 0: any")

// A globCase is what the broker says of one glob.
type globCase struct {
	Glob    string          `json:"glob"`
	IsValid bool            `json:"isValid"`
	Names   map[string]bool `json:"names"` // whether the glob matches each
}

// TestGlobs compares the page's matcher with the broker's.
func TestGlobs(t *testing.T) {
	if *globSeed == 0 {
		*globSeed = uint64(time.Now().UnixNano())
	}
	t.Logf("-globseed %d", *globSeed)
	random := rand.New(rand.NewPCG(*globSeed, 0))
	cases := oddGlobs()
	valid := 0
	for valid < 20_000 {
		pattern := randomGlob(random)
		one := newGlobCase(pattern, append(randomNames(random), namesLike(random, pattern)...)...)
		cases = append(cases, one)
		if one.IsValid {
			valid++
		}
	}
	matches, total := 0, 0
	for _, one := range cases {
		for _, isMatch := range one.Names {
			total++
			if isMatch {
				matches++
			}
		}
	}
	t.Logf("%d of %d globs are valid; %d of %d names match", valid, len(cases), matches, total)
	if matches < total/10 {
		t.Error("too few names match to say something")
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	node := jstest.Node(t, "test/globs.js")
	node.Stdin = bytes.NewReader(input)
	out, err := node.CombinedOutput()
	if want := fmt.Sprintf("compared %d\n", total); err != nil || string(out) != want {
		t.Errorf("%v\n%.3000s\nwant %s", err, out, want)
	}
}

// newGlobCase asks the broker's matcher, unless the broker refuses the glob.
func newGlobCase(pattern string, names ...string) globCase {
	one := globCase{pattern, glob.Valid(pattern) && glob.Cost(pattern) <= glob.MaxCost, map[string]bool{}}
	if one.IsValid {
		for _, name := range names {
			one.Names[name] = doublestar.MatchUnvalidated(pattern, name)
		}
	}
	return one
}

func randomGlob(random *rand.Rand) string {
	pieces := strings.Fields(`a b / / * * ** **/ /**/ ? [ ] { } \ , - ^ ! é 💡
		{a, {*, {/, ,b} ,} [a-b] [^/] [!a] [\]] [💡-💡]`)
	return randomText(random, pieces, 9)
}

func randomNames(random *rand.Rand) []string {
	pieces := strings.Fields(`a a b b / / a/ /b * ? [ ] { } \ , - ^ ! é 💡`)
	names := []string{""}
	for range 10 {
		names = append(names, randomText(random, pieces, 7))
	}
	return names
}

// namesLike returns names that a glob may match: parts of it with something else in place of the special characters.
func namesLike(random *rand.Rand, pattern string) []string {
	var names []string
	for range 10 {
		var name strings.Builder
		for _, character := range pattern {
			switch {
			case character == '*':
				name.WriteString(randomText(random, []string{"a", "b", "/", "💡"}, 2))
			case strings.ContainsRune(`[]{},!^?\`, character) && random.IntN(4) > 0:
			default:
				name.WriteRune(character)
			}
		}
		names = append(names, name.String())
	}
	return names
}

// randomText returns up to that number of pieces.
func randomText(random *rand.Rand, pieces []string, most int) string {
	var text strings.Builder
	for range random.IntN(most + 1) {
		text.WriteString(pieces[random.IntN(len(pieces))])
	}
	return text.String()
}

// oddGlobs returns globs that other matchers have trouble with. Matching some with regular expressions would not end.
func oddGlobs() []globCase {
	long := strings.Repeat("a", 500)
	deep := strings.Repeat("a/", 250) + "b"
	many := strings.Repeat("aaa/", 125)
	nested := func(depth int) string { return strings.Repeat("{", depth) + "a" + strings.Repeat("}", depth) }
	return []globCase{
		newGlobCase(strings.Repeat("*a", 255)+"*b", long, long+"b", deep),
		newGlobCase("*a*a*a*a*b", long, long+"b"),
		newGlobCase("**/a*a*a/**/b", long, deep, "aaa/b", many, many+"b"),
		newGlobCase(strings.Repeat("**/a/", 100)+"b", deep, deep+"c"),
		newGlobCase(strings.Repeat("{a,*}", 8), long, "aaaaaaaa", "aaaaaaa"), // 40 times 256: costs too much
		newGlobCase(strings.Repeat("{a,*}", 5), long, "aaaaa", "aaaa"),
		newGlobCase(strings.Repeat("{a,b}", 20), long),
		newGlobCase(strings.Repeat("{a}", 20), strings.Repeat("a", 20), long),
		newGlobCase(nested(1000), "a", "b", ""),
		newGlobCase("{"+strings.Repeat("a,", 21)+"b}", "a", "b", "c"), // 45 times 22
		newGlobCase(strings.Repeat("a", 2048), long, strings.Repeat("a", 2048)),
		newGlobCase(strings.Repeat("a", 2049), long),
		newGlobCase(strings.Repeat("é", 1025), long), // 2050 bytes, and fewer characters
		newGlobCase(strings.Repeat("[", 2000), long),
		// The last step finds ** where the first has found * before a brace.
		newGlobCase("**/c/*{*/y,b}", "c/k/c/y", "c/y", "c/k/y", "c/k/b", "c/b"),
		newGlobCase("*{*,b}", "a/b", "ab", "a"),
		newGlobCase("a***", "a", "ab", "a/b"),
		newGlobCase(`a\/**`, "a", "a/", "a/b/c"),
		newGlobCase("[\U0010ffff-a]", "\U0010ffff", "-", "a", "b"),
		newGlobCase("[a-\U0010ffff]", "\U0010ffff", "-", "a", "💡"),
		newGlobCase("", "", "a"),
		// These are not valid.
		newGlobCase("a{b,c"), newGlobCase("a}"), newGlobCase("}{"), newGlobCase("[]"), newGlobCase("[^]"),
		newGlobCase("[!]a]"), newGlobCase("[a"), newGlobCase(`[a\]`), newGlobCase(`a\`),
	}
}
