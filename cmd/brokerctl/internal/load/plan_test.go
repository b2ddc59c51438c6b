package load

import (
	"strings"
	"testing"
	"time"
)

func goodPlan() Plan {
	return Plan{Connections: 1, Goroutines: 1, Names: 1, Prefix: "load/", Duration: time.Second}
}

// Invalid plans are refused with the name of the field.
func TestPlanRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Plan){
		"connections: want 1 to 10000":        func(p *Plan) { p.Connections = 0 },
		"connections: want 1 to 10000 ":       func(p *Plan) { p.Connections = 10_001 },
		"goroutines: want 1 to 100000":        func(p *Plan) { p.Goroutines = -1 },
		"goroutines: want 1 to 100000 ":       func(p *Plan) { p.Goroutines = 100_001 },
		"goroutines: want at least one per c": func(p *Plan) { p.Connections = 2 },
		"names: want 1 to 1000000":            func(p *Plan) { p.Names = 0 },
		"names: want 1 to 1000000 ":           func(p *Plan) { p.Names = 1_000_001 },
		"limit: want 1 to 1000000":            func(p *Plan) { p.Limit = -1 },
		"limit: want 1 to 1000000 ":           func(p *Plan) { p.Limit = 1_000_001 },
		"duration: want 1ms to 720h0m0s":      func(p *Plan) { p.Duration = time.Millisecond - 1 },
		"duration: want 1ms to 720h0m0s ":     func(p *Plan) { p.Duration = 721 * time.Hour },
		"warmup: want 0s to 720h0m0s":         func(p *Plan) { p.Warmup = -1 },
		"warmup: want 0s to 720h0m0s ":        func(p *Plan) { p.Warmup = 721 * time.Hour },
		"hold: want 0s or more":               func(p *Plan) { p.Hold = -1 },
		"hold: want at most the duration":     func(p *Plan) { p.Hold = time.Second + 1 },
		"prefix: locks[0].name: not valid U":  func(p *Plan) { p.Prefix = "a\xff" },
	} {
		p := goodPlan()
		spoil(&p)
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%+v: got %v, want %q", p, err, want)
		}
	}
	if err := goodPlan().Validate(); err != nil {
		t.Error(err)
	}
}

func TestPlanInWords(t *testing.T) {
	p := goodPlan()
	for want, change := range map[string]func(*Plan){
		"1 goroutine on 1 connection, 1 name, exclusive": func(*Plan) {},
		"4 goroutines on 2 connections, 3 names, shared by at most 2, held for 10ms": func(p *Plan) {
			p.Limit, p.Hold = 2, 10*time.Millisecond
		},
		"4 goroutines on 2 connections, 3 names, shared, held for 10ms": func(p *Plan) {
			p.Shared, p.Hold = true, 10*time.Millisecond
		},
		"4 goroutines on 2 connections, 3 names, exclusive, held for 2s": func(p *Plan) {
			p.Hold = 2 * time.Second
		},
		"100000 goroutines on 2 connections, 3 names, exclusive": func(p *Plan) {
			p.Goroutines = 100_000
		},
		"100000 goroutines on 10000 connections, 1000000 names, shared by at most 1, " +
			"held for 1m0s": func(p *Plan) {
			p.Connections, p.Goroutines, p.Names = 10_000, 100_000, 1_000_000
			p.Shared, p.Limit, p.Hold = true, 1, time.Minute
		},
	} {
		p := p
		if !strings.HasPrefix(want, "1 ") {
			p.Goroutines, p.Connections, p.Names = 4, 2, 3
		}
		change(&p)
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
