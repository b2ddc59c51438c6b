// Package headroom keeps the heap of a quiet process small. By default Go lets the heap double before it collects
// garbage, however slowly it grows, and collects only every two minutes if it does not grow. So after a rush, or with
// thousands of idle clients, a process keeps twice the memory that it needs.
//
// [Keep] gives the heap as much room as the process allocates in ten seconds, between a tenth of what it uses and as
// much again, which is Go's default. So a busy process collects as often as it always would, and a quiet one about
// every ten seconds. It collects at least every 30 seconds if there is anything to collect. The Go runtime then
// returns the memory that it does not need to the system, in the background.
package headroom

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// period is how often Keep looks.
	period = time.Second
	// goal is how long a quiet process should take to fill its headroom.
	goal = 10 * time.Second
	// longest is how long a process goes without a collection if it has allocated worthwhile bytes.
	longest    = 30 * time.Second
	worthwhile = 1 << 20
	// small is the number of bytes in use below which the headroom is not worth a change.
	small = 16 << 20
)

// percents returns the headrooms that Keep sets, in per cent of the bytes in use, as GOGC does. They are few, because
// each change stops all goroutines for a moment.
func percents() []int { return []int{10, 20, 40, 70, 100} }

// Keep adjusts the headroom until ctx ends. It does nothing if GOGC is set in the environment.
func Keep(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	now := pace{percent: 100}
	read := newReader()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		before := now.percent
		if now.see(read()); now.percent != before {
			debug.SetGCPercent(now.percent)
		}
		if now.mustCollect() {
			runtime.GC()
		}
	}
}

// A reading is what the runtime says of the heap.
type reading struct {
	allocated   uint64 // bytes, since the start of the process
	inUse       uint64 // bytes that the last collection has found in use, stacks included
	collections uint64 // since the start of the process
}

func newReader() func() reading {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
	}
	return func() reading {
		metrics.Read(samples)
		at := func(i int) uint64 { return samples[i].Value.Uint64() }
		return reading{allocated: at(0), inUse: at(1) + at(2), collections: at(3)}
	}
}

// A pace says how much headroom a process needs.
type pace struct {
	percent int
	last    reading
	recent  uint64        // bytes that are allocated in goal, at the highest rate of late
	quiet   time.Duration // since the last collection was seen
	garbage uint64        // bytes allocated since then
}

// see takes the reading of another period.
func (p *pace) see(r reading) {
	grown := r.allocated - p.last.allocated
	p.recent = max(grown*uint64(goal/period), p.recent-p.recent/4)
	p.quiet, p.garbage = p.quiet+period, p.garbage+grown
	if r.collections != p.last.collections {
		p.quiet, p.garbage = 0, 0
	}
	p.last = r
	p.percent = p.wanted()
}

// wanted returns the least of the percents that gives enough headroom.
func (p *pace) wanted() int {
	all := percents()
	if p.last.inUse >= small {
		for _, percent := range all {
			if p.last.inUse/100*uint64(percent) >= p.recent {
				return percent
			}
		}
	}
	return all[len(all)-1]
}

// mustCollect reports whether the last collection was too long ago.
func (p *pace) mustCollect() bool { return p.quiet >= longest && p.garbage >= worthwhile }
