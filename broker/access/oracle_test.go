package access

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// plainly returns what rules allow an identity on a lock, by the plainest reading of the rules: each is
// looked at, and each glob is compared. A verb of which the protocol says "whatever the locks" counts
// everywhere.
func plainly(t testing.TB, rules []Rule, id Identity, lock string) (allowed Verbs) {
	for _, r := range rules {
		if !plainlyFor(t, r.For, id) {
			continue
		}
		on := false
		for _, text := range r.Locks {
			on = on || match(t, strings.ReplaceAll(text, "{identity}", literally(id.Name)), lock)
		}
		for i, verb := range wire.Verbs() {
			for _, given := range r.Allow {
				if given == verb && (on || verb == wire.MayClients || verb == wire.MayMetrics) {
					allowed |= 1 << i
				}
			}
		}
	}
	return allowed
}

// plainlyFor reports whether a rule is for an identity.
func plainlyFor(t testing.TB, patterns []string, id Identity) bool {
	for _, who := range patterns {
		group, ok := strings.CutPrefix(who, "group:")
		if !ok && match(t, who, id.Name) {
			return true
		}
		for _, g := range id.Groups {
			if ok && match(t, group, g) {
				return true
			}
		}
	}
	return false
}

// literally returns a glob in which each character of a name stands for itself.
func literally(name string) string {
	var out strings.Builder
	for _, c := range name {
		out.WriteString(`\` + string(c))
	}
	return out.String()
}

func match(t testing.TB, glob, name string) bool {
	matched, err := doublestar.Match(glob, name)
	if err != nil {
		t.Fatalf("the glob %q: %v", glob, err)
	}
	return matched
}

// A drawer draws rules and questions from so few words that they often meet.
type drawer struct{ *rand.Rand }

func (d drawer) pick(from ...string) string { return from[d.IntN(len(from))] }

// path draws one to four words with slashes between them, now and then two slashes or one at the end.
func (d drawer) path(words ...string) string {
	var path strings.Builder
	path.WriteString(d.pick(words...))
	for range d.IntN(4) {
		path.WriteString(d.pick("/", "/", "/", "/", "//") + d.pick(words...))
	}
	if d.IntN(20) == 0 {
		path.WriteString("/")
	}
	return path.String()
}

func (d drawer) list(most int, draw func() string) []string {
	list := make([]string, 1+d.IntN(most))
	for i := range list {
		list[i] = draw()
	}
	return list
}

func (d drawer) who() string {
	return d.pick("a", "b", "c", "a/b", "*", "**", "a*", "{a,b}", `\*`, "a/**",
		"group:g", "group:h", "group:*", "group:{g,i}")
}

func (d drawer) identity() Identity {
	id := Identity{Name: d.pick("a", "b", "c", "a/b", "a,b", "*", "[a]", "{a,b}", `a\`, "group:g")}
	for range d.IntN(3) {
		id.Groups = append(id.Groups, d.pick("g", "h", "i", "a"))
	}
	return id
}

// glob draws a glob over lock names. It draws again if a policy would refuse it, because it branches too much.
func (d drawer) glob() string {
	for {
		text := d.path("a", "b", "c", "*", "**", "a*", "*a", "?", "[ab]", "[^a]", "{a,b/c}", "{identity}",
			"x{identity}", `\a`, `\*`, "a,b", "{a,{identity}}")
		if _, err := NewPolicy([]Rule{allow("a", text, wire.MayList)}); err == nil {
			return text
		}
	}
}

func (d drawer) rules() []Rule {
	rules := make([]Rule, 1+d.IntN(6))
	for i := range rules {
		rules[i].For = d.list(3, d.who)
		rules[i].Locks = d.list(3, d.glob)
		for range 1 + d.IntN(3) {
			rules[i].Allow = append(rules[i].Allow, wire.Verbs()[d.IntN(len(wire.Verbs()))])
		}
	}
	return rules
}

// TestPolicyAgainstPlainReading compares the policy with the plain reading, for identities, locks and
// verbs drawn at random.
func TestPolicyAgainstPlainReading(t *testing.T) {
	const cases = 20_000
	seed := rand.Uint64()
	d := drawer{rand.New(rand.NewPCG(seed, 0))}
	allowed := map[bool]int{}
	var rules []Rule
	var policy *Policy
	for i := range cases {
		if i%10 == 0 {
			rules = d.rules()
			policy = mustPolicy(t, rules...)
		}
		id, lock := d.identity(), d.path("a", "b", "c", "xa", "*", "a,b", "[a]", `a\`)
		verb := Verbs(1) << d.IntN(len(wire.Verbs()))
		permissions := policy.For(id)
		got, want := permissions.On(lock), plainly(t, rules, id, lock)
		if got != want {
			t.Fatalf("seed %d, case %d: %q with groups %q on %q: got %v, want %v with the rules\n%s",
				seed, i, id.Name, id.Groups, lock, got.names(), want.names(), show(rules))
		}
		if permissions.Allows(verb, lock) != (want&verb != 0) {
			t.Fatalf("seed %d, case %d: %q on %q: %v", seed, i, id.Name, lock, verb.names())
		}
		everywhere, somewhere := permissions.AllowsEverywhere(verb), permissions.AllowsSomewhere(verb)
		if everywhere && want&verb == 0 || want&verb != 0 && !somewhere {
			t.Fatalf("seed %d, case %d: %q on %q: a summary of %v", seed, i, id.Name, lock, verb.names())
		}
		allowed[want&verb != 0]++
	}
	// If nearly all cases had one answer, they would show little.
	if allowed[true] < cases/10 || allowed[false] < cases/10 {
		t.Errorf("%d cases allowed, %d not", allowed[true], allowed[false])
	}
	t.Logf("%d cases allowed, %d not", allowed[true], allowed[false])
}

func show(rules []Rule) string {
	var out strings.Builder
	for _, r := range rules {
		_, _ = fmt.Fprintf(&out, "for %q locks %q allow %q\n", r.For, r.Locks, r.Allow)
	}
	return out.String()
}

// FuzzOn compares the index of lock names with the matcher, for any globs, identity and lock.
func FuzzOn(f *testing.F) {
	for _, seed := range [][3]string{
		{"a/**", "x", "a"}, {"a/**", "x", "a/"}, {"a//**", "x", "a/"}, {"a//**", "x", "a//b"},
		{"/**", "x", "/"}, {"a/**/", "x", "a"}, {"a,b", "x", "a"},
		{`a\/**`, "x", "a"}, {`a\/**`, "x", "a/b"}, {`a\\/**`, "x", `a\/b`}, {`\**`, "x", "*a"},
		{"{identity}/**", "*", "b/c"}, {`\\{identity}`, "*a", `\ba`}, {"{a,{identity}}", "b,c", "b"},
		{"a{,/**}", "x", "a"}, {"**/a", "x", "b//a"}, {"**", "x", "/"}, {"[^a]/**", "x", "é/"},
		{"a/**/*", "x", "a"}, {"a/", "x", "a/"}, {"\ufffd", "x", "é"}, {"{a,b}/{c,d}/**", "x", "b/d"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[0]+"/*")
	}
	f.Fuzz(func(t *testing.T, glob, identity, lock, other string) {
		id := Identity{Name: identity}
		if id.Check() != nil || lock == "" || len(lock) > 512 || !utf8.ValidString(lock) {
			return
		}
		rules := []Rule{
			{For: []string{"**"}, Locks: []string{glob}, Allow: []wire.Verb{wire.MayAcquire}},
			{For: []string{literally(identity)}, Locks: []string{other}, Allow: []wire.Verb{wire.MayList}},
		}
		for i := range rules {
			if _, err := NewPolicy(rules[i : i+1]); err != nil {
				rules[i].Locks = []string{"a"}
			}
		}
		policy, err := NewPolicy(rules)
		if err != nil {
			t.Fatalf("the identity %q as a glob: %v", identity, err)
		}
		if got, want := policy.For(id).On(lock), plainly(t, rules, id, lock); got != want {
			t.Errorf("%q for %q on %q: got %v, want %v", rules, identity, lock, got.names(), want.names())
		}
	})
}
