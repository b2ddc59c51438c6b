package headroom

import "testing"

// A process is a simulated one: each second it allocates a number of bytes, and it collects when its heap has outgrown
// its headroom, or when the pace says so.
type process struct {
	pace     pace
	now      reading
	inUse    uint64 // really, and not as of the last collection
	heap     uint64
	requests int // collections that the pace has asked for
}

func newProcess(inUse uint64) *process {
	return &process{pace: pace{percent: 100}, inUse: inUse, heap: inUse}
}

// run makes seconds pass. It returns how many collections there were.
func (p *process) run(seconds int, allocated uint64) (collections uint64) {
	before := p.now.collections
	for range seconds {
		p.now.allocated += allocated
		p.heap += allocated
		if limit := max(p.now.inUse, 4<<20); p.heap > limit+limit/100*uint64(p.pace.percent) {
			p.collect()
		}
		p.pace.see(p.now)
		if p.pace.mustCollect() {
			p.requests++
			p.collect()
		}
	}
	return p.now.collections - before
}

func (p *process) collect() {
	p.heap, p.now.inUse = p.inUse, p.inUse
	p.now.collections++
}

// A busy process has the headroom that Go gives it, from its first busy second on.
func TestBusy(t *testing.T) {
	p := newProcess(100 << 20)
	p.run(300, 100<<10)
	if p.pace.percent == 100 {
		t.Fatal("it was never quiet")
	}
	p.run(1, 50<<20)
	if p.pace.percent != 100 {
		t.Errorf("after a busy second: %d %%", p.pace.percent)
	}
	p.run(60, 50<<20)
	if p.pace.percent != 100 || p.requests > 10 {
		t.Errorf("after a busy minute: %d %%, %d collections were asked for", p.pace.percent, p.requests)
	}
}

// A quiet process has little headroom, and collects seldom nevertheless.
func TestQuiet(t *testing.T) {
	p := newProcess(100 << 20)
	p.run(60, 10<<20) // so that it has collected
	p.run(60, 400<<10)
	if p.pace.percent != 10 {
		t.Errorf("%d %%, want 10", p.pace.percent)
	}
	if most := uint64(600 / 20); p.run(600, 400<<10) > most {
		t.Errorf("more than %d collections in ten minutes", most)
	}
	if most := p.inUse + p.inUse/8; p.heap > most {
		t.Errorf("the heap has %d bytes, want at most %d", p.heap, most)
	}
}

// After a rush, whose memory is free but not collected, a quiet process collects within half a minute.
func TestAfterRush(t *testing.T) {
	p := newProcess(500 << 20)
	p.run(60, 50<<20)
	p.collect() // just before the end of the rush
	p.inUse = 5 << 20
	p.run(31, 100<<10)
	if p.heap > 10<<20 {
		t.Errorf("the heap still has %d bytes", p.heap)
	}
	if p.run(1, 100<<10); p.pace.percent != 100 {
		t.Errorf("a small heap has a headroom of %d %%, want 100", p.pace.percent)
	}
}

// A process that does nothing does not collect.
func TestIdle(t *testing.T) {
	p := newProcess(50 << 20)
	p.run(60, 1<<20)
	p.requests = 0
	if p.run(600, 100) > 1 {
		t.Error("it collects, although there is nothing to collect")
	}
}

// The runtime knows all that Keep asks for.
func TestReading(t *testing.T) {
	if r := newReader()(); r.allocated == 0 {
		t.Errorf("got %+v", r)
	}
}
