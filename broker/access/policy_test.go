package access

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func mustPolicy(t testing.TB, rules ...Rule) *Policy {
	t.Helper()
	p, err := NewPolicy(rules)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// allow returns a rule.
func allow(who, locks string, verbs ...wire.Verb) Rule {
	return Rule{For: strings.Fields(who), Locks: strings.Fields(locks), Allow: verbs}
}

func TestPolicy(t *testing.T) {
	p := mustPolicy(t,
		allow("billing", "invoices/**", wire.MayAcquire, wire.MayList),
		allow("group:builders ci-*", "build/*/{linux,mac}", wire.MayShare),
		allow("group:ops", "**", wire.MayList, wire.MayEvict, wire.MayClients),
		allow("**", "home/{identity}/**", wire.MayAcquire),
		allow("prometheus", "", wire.MayMetrics),
	)
	billing, builder := Identity{Name: "billing"}, Identity{Name: "x", Groups: []string{"y", "builders"}}
	for _, try := range []struct {
		who  Identity
		lock string
		want Verbs
	}{
		{billing, "invoices", Acquire | List},
		{billing, "invoices/1/2", Acquire | List},
		{billing, "invoices2", 0},
		{billing, "home/billing", Acquire},
		{billing, "home/billing/x", Acquire},
		{billing, "home/x", 0},
		{builder, "build/7/mac", Share},
		{builder, "build/7/8/mac", 0},
		{Identity{Name: "ci-7"}, "build/7/linux", Share},
		{Identity{Name: "ci-7/8"}, "build/7/linux", 0}, // * does not match a slash
		{Identity{Name: "spiffe://a/b"}, "home/spiffe://a/b/c", Acquire},
		{Identity{Name: "group:ops"}, "x", 0}, // a name is not a group
		{Identity{Name: "ops"}, "x", 0},
		{Identity{Name: "x", Groups: []string{"ops"}}, "x", List | Evict | Clients},
		{Identity{Name: "prometheus"}, "x", Metrics},
	} {
		if got := p.For(try.who).On(try.lock); got != try.want {
			t.Errorf("%v on %s: got %v, want %v", try.who, try.lock, got.names(), try.want.names())
		}
	}
}

// What an identity is called gives it no rights on the locks of others.
func TestIdentitiesAreNotGlobs(t *testing.T) {
	const locks = `home/{identity}/** {a,{identity}}/x \\{identity}/y {identity}`
	p := mustPolicy(t, allow("**", locks, wire.MayAcquire))
	for _, name := range []string{
		"*", "**", "?", "[a-z]", "[^x]", "{b,c}", "b,c", `\*`, `\`, "{identity}",
		"b},{c", "b/**", "*b", "a-z", "!b",
	} {
		permissions := p.For(Identity{Name: name})
		for _, lock := range []string{"home/b", "home/b/c", "home/c/c", "b/x", "c/x", `\b/y`, `\/y`, "b", "c"} {
			if permissions.On(lock) != 0 {
				t.Errorf("the identity %s may acquire %s", name, lock)
			}
		}
		own := []string{"home/" + name, "home/" + name + "/c", name + "/x", "a/x", `\` + name + "/y", name}
		for _, lock := range own {
			if permissions.On(lock) != Acquire {
				t.Errorf("the identity %s may not acquire %s: %v", name, lock, permissions.Told())
			}
		}
	}
}

// After a backslash, and between [ and ], {identity} is no mark.
func TestEscapedMark(t *testing.T) {
	p := mustPolicy(t, allow("**", `{{a,\{identity}} [\]{}identy]`, wire.MayAcquire)).For(Identity{Name: "x*"})
	for lock, want := range map[string]Verbs{
		"a": Acquire, "{identity": Acquire, "{": Acquire, "]": Acquire, "x*": 0, "xy": 0,
	} {
		if got := p.On(lock); got != want {
			t.Errorf("%s: got %v", lock, got.names())
		}
	}
	if _, err := NewPolicy([]Rule{allow("a", `[\]{identity}]`, wire.MayAcquire)}); err == nil {
		t.Error("a mark in a character class is accepted")
	}
}

func TestPolicyErrors(t *testing.T) {
	locks := func(texts ...string) func(*Rule) { return func(r *Rule) { r.Locks = texts } }
	who := func(texts ...string) func(*Rule) { return func(r *Rule) { r.For = texts } }
	verbs := func(verbs ...wire.Verb) func(*Rule) { return func(r *Rule) { r.Allow = verbs } }
	good := allow("a", "b", wire.MayList)
	for want, change := range map[string]func(*Rule){
		`for: want at least one identity or group`:               who(),
		`for: item 2: empty`:                                     who("a", ""),
		`for: item 1: empty`:                                     who("group:"),
		`for: item 1: not a valid glob`:                          who("[a"),
		`for: item 2: not a valid glob`:                          who("a", "group:{a"),
		`for: item 1: not valid UTF-8`:                           who("\xff"),
		`locks: want at least one glob, such as a/**`:            locks(),
		`locks: item 1: empty`:                                   locks(""),
		`locks: item 1: not a valid glob`:                        locks(`a\`),
		`locks: item 2: not a valid glob`:                        locks("a", `\{identity}`),
		`locks: item 3: not a valid glob`:                        locks("a", "b", "{identity"),
		`locks: item 1: {identity} cannot stand between [ and ]`: locks("[{identity}]"),
		`locks: item 1: with an identity of 256 bytes: ` +
			`its length times its alternatives is more than 2048`: locks("{a,b}{c,d}{e,f}/{identity}"),
		`allow: want at least one verb`: verbs(),
		`allow: unknown verb "lock": want some of [acquire shared list steal evict clients metrics]`: verbs(
			wire.MayList, "lock"),
	} {
		bad := good
		change(&bad)
		_, err := NewPolicy([]Rule{good, bad, good})
		broken := new(RuleError)
		if err == nil || err.Error() != "rule 2: "+want || !errors.As(err, &broken) || broken.Rule != 1 {
			t.Errorf("got %v, want rule 2: %s", err, want)
		}
	}
	// A cost that would let one name take seconds.
	costly := strings.Repeat("{a*,b*}", 20)
	for _, bad := range []Rule{allow(costly, "b", wire.MayList), allow("a", costly, wire.MayList)} {
		if _, err := NewPolicy([]Rule{bad}); err == nil || !strings.Contains(err.Error(), "more than 2048") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := NewPolicy([]Rule{allow("a", "", wire.MayClients, wire.MayMetrics)}); err != nil {
		t.Errorf("clients and metrics need no locks: %v", err)
	}
}

// The error names the item, for a program that shows where it is in a file.
func TestRuleErrorNamesTheItem(t *testing.T) {
	for _, try := range []struct {
		rule  Rule
		field string
		item  int
	}{
		{allow("a group:[", "b", wire.MayList), "for", 1},
		{allow("a", "b c {", wire.MayList), "locks", 2},
		{allow("a", "", wire.MayList), "locks", -1},
		{allow("a", "b", wire.MayList, wire.MayList, "x"), "allow", 2},
		{allow("a", "b"), "allow", -1},
	} {
		_, err := NewPolicy([]Rule{try.rule})
		broken := new(RuleError)
		if !errors.As(err, &broken) || broken.Field != try.field || broken.Item != try.item {
			t.Errorf("got %v", err)
		}
	}
}

func TestMayAcquire(t *testing.T) {
	p := mustPolicy(t,
		allow("a", "x x2", wire.MayAcquire), allow("a", "s", wire.MayShare),
		allow("a", "x2", wire.MaySteal), allow("a", "st", wire.MaySteal),
		allow("all", "**", wire.MayAcquire),
	)
	shared := func(name string) wire.LockSpec { return wire.LockSpec{Name: name, Mode: wire.Shared} }
	exclusive := func(name string) wire.LockSpec { return wire.LockSpec{Name: name} }
	for _, try := range []struct {
		who     string
		steal   bool
		locks   []wire.LockSpec
		missing wire.Verb
		lock    string
	}{
		{"a", false, []wire.LockSpec{exclusive("x"), shared("x2"), shared("s")}, "", ""},
		{"a", false, []wire.LockSpec{exclusive("x"), exclusive("s")}, wire.MayAcquire, "s"},
		{"a", false, []wire.LockSpec{shared("x"), shared("other")}, wire.MayShare, "other"},
		{"a", true, []wire.LockSpec{exclusive("x2")}, "", ""},
		{"a", true, []wire.LockSpec{exclusive("x2"), exclusive("x")}, wire.MaySteal, "x"},
		{"a", true, []wire.LockSpec{exclusive("st")}, wire.MayAcquire, "st"},
		{"all", false, []wire.LockSpec{exclusive("y"), shared("z")}, "", ""},
		{"all", true, []wire.LockSpec{exclusive("y")}, wire.MaySteal, "y"},
	} {
		m := &wire.Acquire{Steal: try.steal, Locks: try.locks}
		missing, lock, ok := p.For(Identity{Name: try.who}).MayAcquire(m)
		if missing != try.missing || lock != try.lock || ok != (try.missing == "") {
			t.Errorf("%s, %v: got %s on %s, %t", try.who, try.locks, missing, lock, ok)
		}
	}
	m := &wire.Acquire{Steal: true, Locks: []wire.LockSpec{exclusive("x")}}
	if _, _, ok := Everything().MayAcquire(m); !ok {
		t.Error("without credentials, not everything is permitted")
	}
}

func TestEffective(t *testing.T) {
	p := mustPolicy(t,
		allow("a", "x", wire.MayAcquire, wire.MaySteal), allow("a", "s", wire.MayShare, wire.MaySteal),
		allow("a", "", wire.MayClients), allow("op", "**", wire.MayList), allow("op", "", wire.MayClients),
	)
	for _, try := range []struct {
		who, lock, want string
	}{
		{"a", "x", "[acquire shared steal]"}, {"a", "s", "[shared]"}, {"a", "", "[]"},
		{"op", "", "[list clients]"}, {"other", "x", "[]"},
	} {
		if got := fmt.Sprint(p.For(Identity{Name: try.who}).Effective(try.lock)); got != try.want {
			t.Errorf("%s on %q: got %s, want %s", try.who, try.lock, got, try.want)
		}
	}
}

func TestToldAndSummaries(t *testing.T) {
	p := mustPolicy(t,
		allow("a", "{identity}/** x", wire.MayList, wire.MayAcquire),
		allow("b", "y", wire.MayList),
		allow("a", "**", wire.MayList), allow("a", "", wire.MayMetrics),
	).For(Identity{Name: "a"})
	want := []wire.Permission{
		{Allow: []wire.Verb{wire.MayAcquire, wire.MayList}, Locks: []string{"a/**", "x"}},
		{Allow: []wire.Verb{wire.MayList}, Locks: []string{"**"}},
		{Allow: []wire.Verb{wire.MayMetrics}, Locks: []string{}},
	}
	if got := p.Told(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	p.Told()[1].Locks[0] = "changed"
	if got := p.Told(); got[1].Locks[0] != "**" {
		t.Error("who changes what is told changes the permissions")
	}
	if !p.AllowsEverywhere(List|Metrics) || p.AllowsEverywhere(Acquire) || p.AllowsEverywhere(List|Acquire) {
		t.Error("everywhere")
	}
	if !p.AllowsSomewhere(Acquire|List) || p.AllowsSomewhere(Steal) {
		t.Error("somewhere")
	}
	if !p.Allows(Acquire|List, "x") || p.Allows(Acquire, "y") || !p.Allows(Metrics, "y") {
		t.Error("on a lock")
	}
	told := Everything().Told()
	if len(told) != 1 || !reflect.DeepEqual(told[0].Allow, wire.Verbs()) || told[0].Locks[0] != "**" {
		t.Errorf("everything is told as %v", told)
	}
}

// size returns how many parts there are.
func (c *partCache) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.parts)
}

// Sessions share what does not depend on the identity, and the policy forgets it after the last of them.
func TestPermissionsAreShared(t *testing.T) {
	var rules []Rule
	for i := range 20 {
		rules = append(rules, allow(fmt.Sprintf("group:g%d", i), fmt.Sprintf("l%d/**", i), wire.MayList))
	}
	policy := mustPolicy(t, append(rules, allow("**", "{identity}", wire.MayAcquire))...)
	groups := []string{"g1", "g9", "g17"}
	a := policy.For(Identity{Name: "a", Groups: groups})
	b := policy.For(Identity{Name: "b", Groups: groups})
	c := policy.For(Identity{Name: "a", Groups: groups[:2]})
	if a.parts[1] != b.parts[1] || a.parts[1] == c.parts[1] || a.parts[0] == b.parts[0] {
		t.Error("the wrong parts are shared")
	}
	if a.On("a") != Acquire || a.On("b") != 0 || b.On("b") != Acquire || c.On("l17") != 0 || b.On("l17") != List {
		t.Error("the permissions are mixed up")
	}
	if got := policy.shared.size(); got != 2 {
		t.Errorf("%d parts, want 2", got)
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	runtime.KeepAlive(c)
	for range 1000 {
		if runtime.GC(); policy.shared.size() == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d parts that no session uses are kept", policy.shared.size())
}
