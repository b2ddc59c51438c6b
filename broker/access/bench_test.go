package access

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// thousand returns 1,000 rules for 100 teams, of which one in ten has a glob that must be compared.
func thousand(b *testing.B, who func(team int) string) *Policy {
	rules := make([]Rule, 1000)
	for i := range rules {
		locks := fmt.Sprintf("team%d/part%d/**", i%100, i/100)
		if i%10 == 9 {
			locks = fmt.Sprintf("team%d/part%d/*/{read,write}", i%100, i/100)
		}
		rules[i] = allow(who(i%100), locks, wire.MayAcquire, wire.MayList)
	}
	return mustPolicy(b, rules...)
}

// BenchmarkOn measures one check: with the rules of one team, and with all 1,000 rules, for a lock that
// a rule allows, and for one that none does.
func BenchmarkOn(b *testing.B) {
	one := thousand(b, func(team int) string { return fmt.Sprintf("group:team%d", team) })
	all := thousand(b, func(int) string { return "**" })
	for _, bench := range []struct {
		name   string
		policy *Policy
		lock   string
	}{
		{"team", one, "team42/part3/orders/17"},
		{"team-refused", one, "team43/part3/orders/17"},
		{"all", all, "team42/part3/orders/17"},
		{"all-refused", all, "other/part3/orders/17"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := bench.policy.For(Identity{Name: "a", Groups: []string{"team42"}})
			b.ReportAllocs()
			for b.Loop() {
				p.On(bench.lock)
			}
		})
	}
}

// BenchmarkFor measures what a connection costs.
func BenchmarkFor(b *testing.B) {
	for name, who := range map[string]func(team int) string{
		"group":  func(team int) string { return fmt.Sprintf("group:team%d", team) },
		"glob":   func(team int) string { return fmt.Sprintf("group:team%d*", team) },
		"shared": func(int) string { return "**" },
	} {
		b.Run(name, func(b *testing.B) {
			policy := thousand(b, who)
			id := Identity{Name: "a", Groups: []string{"team42"}}
			first := policy.For(id)
			b.ReportAllocs()
			for b.Loop() {
				policy.For(id)
			}
			_ = first.On("x") // keeps what the others share
		})
	}
}

// BenchmarkGlobs measures a check against 1,000 globs, none of which matches: those that a lock's first
// or last characters rule out, and those that must be compared.
func BenchmarkGlobs(b *testing.B) {
	for name, format := range map[string]string{
		"prefix": "part%d*/x", "suffix": "*/x%d", "compared": "*%d*/a*",
	} {
		b.Run(name, func(b *testing.B) {
			rules := make([]Rule, 1000)
			for i := range rules {
				rules[i] = allow("**", fmt.Sprintf(format, i), wire.MayList)
			}
			p := mustPolicy(b, rules...).For(Identity{Name: "a"})
			for b.Loop() {
				p.On("team-b/part-c/orders")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.Cost()), "ns/step")
		})
	}
}
