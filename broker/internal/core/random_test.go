package core

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var programs = flag.Int("programs", 400, "how many random programs TestRandomPrograms runs")

// TestRandomPrograms checks the invariants in random programs. A program that fails is printed as a
// script, without its outputs.
func TestRandomPrograms(t *testing.T) {
	refused, attached := make(map[Limit]int), 0
	for seed := range uint64(*programs) {
		p := newProgram(t, seed)
		for range 160 {
			if p.random.IntN(2) == 0 {
				p.moveOn()
			} else {
				p.run(p.next())
			}
			if p.err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, p.err, strings.Join(p.lines, "\n"))
			}
		}
		p.end()
		attached += p.attached
		if p.err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, p.err, strings.Join(p.lines, "\n"))
		}
		for limit, count := range p.observer.refused {
			refused[limit] += count
		}
	}
	if *programs < 400 {
		return
	}
	if attached < 100 {
		t.Errorf("only %d sessions were taken up", attached)
	}
	for limit := AllRequests; limit <= AccountWaiting; limit++ {
		if refused[limit] < 20 {
			t.Errorf("limit %d was reached only %d times, too few to prove anything", limit, refused[limit])
		}
	}
}

// A program is a script that is made up while it runs.
type program struct {
	*driver
	random *rand.Rand
	lines  []string
	open   []string // sessions
	gone   []string // sessions that have ended
	opened int
	count  int // requests so far
	ids    []string

	lastings lastingNames
	attached int // how many sessions were taken up
}

func newProgram(t *testing.T, seed uint64) *program {
	p := &program{random: rand.New(rand.NewPCG(seed, 0))}
	const settings = "config timeout 10s drain 5s requests %d range %d"
	config := fmt.Sprintf(settings, 8+p.random.IntN(80), 1+p.random.IntN(8))
	if p.random.IntN(2) == 0 {
		config += fmt.Sprintf(" grace %ds", 1+p.random.IntN(20))
	}
	p.driver, p.lines = newDriver(t, config), []string{config}
	return p
}

// run runs a line, and notes the first error.
func (p *program) run(line string) {
	p.lines = append(p.lines, line)
	p.step(line)
	p.err = cmp.Or(p.err, p.observer.check(p.now))
}

// next returns the next line.
func (p *program) next() string {
	switch n := p.random.IntN(20); {
	case n < 2 && p.opened < 6 || len(p.open) == 0:
		p.opened++
		name := fmt.Sprintf("s%d", p.opened)
		p.open = append(p.open, name)
		return fmt.Sprintf("open %s share %d", name, p.random.IntN(3))
	case n < 9:
		return p.acquireLine()
	case n < 12 && len(p.ids) > 0:
		verb := []string{"release", "cancel", "evict"}[p.random.IntN(3)]
		return verb + " " + p.ids[p.random.IntN(len(p.ids))]
	case n < 13:
		return p.endLine()
	case n < 14 && p.random.IntN(4) == 0:
		return fmt.Sprintf("quota %d %d", 1+p.random.IntN(40), p.random.IntN(6))
	case n < 15:
		return fmt.Sprintf("at %v", p.now+time.Duration(p.random.IntN(6000))*time.Millisecond)
	default:
		return p.dutyLine()
	}
}

func (p *program) acquireLine() string {
	id := fmt.Sprintf("%s--%d", p.open[p.random.IntN(len(p.open))], p.count)
	p.count++
	p.ids = append(p.ids, id)
	locks := []string{fmt.Sprintf("x%d", p.random.IntN(4))}
	for i := range 6 * p.random.IntN(2) { // free locks, so that limits are reached soon
		locks = append(locks, fmt.Sprintf("free-%d-%d", p.count, i))
	}
	line := "acquire " + id + " " + strings.Join(locks, ",")
	switch p.random.IntN(6) {
	case 0:
		line += " steal"
	case 1:
		line += fmt.Sprintf(" wait %ds", p.random.IntN(5))
	}
	return line
}

func (p *program) endLine() string {
	i := p.random.IntN(len(p.open))
	name := p.open[i]
	p.open = append(p.open[:i], p.open[i+1:]...)
	p.lastings.open = slices.DeleteFunc(p.lastings.open, func(other string) bool { return other == name })
	p.gone = append(p.gone, name)
	if p.random.IntN(2) == 0 {
		return "end " + name + " gone"
	}
	return fmt.Sprintf("end %s heard %v", name, max(p.now-time.Duration(p.random.IntN(12000))*time.Millisecond, 0))
}

// dutyLine returns something that happens without a client.
func (p *program) dutyLine() string {
	switch n := p.random.IntN(40); {
	case n == 0 && !p.machine.IsDraining():
		return "drain"
	case n < 4 && len(p.gone) > 0:
		return "gone " + p.gone[p.random.IntN(len(p.gone))]
	case p.observer.reserving:
		return []string{"stored", "failed"}[p.random.IntN(2)]
	}
	return []string{"reserve", "allow", "drop", "shut"}[p.random.IntN(4)]
}

// end ends all sessions, and what is left to do. Then nobody holds or waits.
func (p *program) end() {
	p.endLasting()
	for len(p.open) > 0 {
		p.run(p.endLine())
	}
	for _, name := range p.gone {
		p.run("gone " + name)
	}
	p.run("drop")
	table := p.machine.Table()
	if p.err == nil && (table.Held() != 0 || table.InUse() != 0 || p.machine.IsDropping()) {
		p.err = fmt.Errorf("at the end %d requests hold, and %d are in use", table.Held(), table.InUse())
	}
}
