package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// lastingNames are the sessions of a program that last, by what they are used for.
type lastingNames struct {
	open   []string // also in program.open
	absent []string
	fresh  []string // opened, and without requests: they can take up another one
	taking []string // fresh ones that take up another one
}

// take removes a random name from a list.
func (p *program) take(names *[]string) string {
	i := p.random.IntN(len(*names))
	name := (*names)[i]
	*names = slices.Delete(*names, i, i+1)
	return name
}

// moveOn does something with the sessions that last.
func (p *program) moveOn() {
	l := &p.lastings
	switch n := p.random.IntN(10); {
	case len(l.taking) > 0 && p.random.IntN(3) > 0:
		p.goOnTaking()
	case n < 2 && len(l.fresh) < 2:
		l.fresh = append(l.fresh, p.openLasting())
	case n < 4 && len(l.fresh) > 0 && len(l.open) < 3: // it begins to be used
		name := p.take(&l.fresh)
		l.open, p.open = append(l.open, name), append(p.open, name)
	case n < 5 && len(l.open) > 0:
		p.detachOne(p.take(&l.open))
	case n < 6:
		p.endAbsences()
	case n < 8 && len(l.fresh) > 0 && len(l.absent)+len(l.open) > 0:
		p.beginTaking()
	}
}

func (p *program) openLasting() string {
	p.opened++
	name := fmt.Sprintf("s%d", p.opened)
	p.run(fmt.Sprintf("open %s share %d", name, p.random.IntN(3)))
	p.run(fmt.Sprintf("last %s secret %s identity i%d", name, name, p.random.IntN(8)/7))
	return name
}

func (p *program) detachOne(name string) {
	p.open = slices.DeleteFunc(p.open, func(other string) bool { return other == name })
	heard := max(p.now-time.Duration(p.random.IntN(12000))*time.Millisecond, 0)
	p.run(fmt.Sprintf("detach %s heard %v", name, heard))
	if p.observer.lasting[name] == nil {
		p.gone = append(p.gone, name)
	} else {
		p.lastings.absent = append(p.lastings.absent, name)
	}
}

func (p *program) endAbsences() {
	p.run("absences")
	p.lastings.absent = slices.DeleteFunc(p.lastings.absent, func(name string) bool {
		ended := p.observer.lasting[name] == nil
		if ended {
			p.gone = append(p.gone, name)
		}
		return ended
	})
}

// beginTaking makes up a statement about a session. Mostly it is true, and mostly it is complete.
func (p *program) beginTaking() {
	l := &p.lastings
	all := slices.Concat(l.absent, l.absent, l.open)
	name, with := all[p.random.IntN(len(all))], p.take(&l.fresh)
	s := p.observer.lasting[name]
	line := fmt.Sprintf("state %s session %s secret %s identity %s", with, name,
		[]string{"wrong", s.secret, "wrong," + s.secret}[min(p.random.IntN(12), 2)],
		[]string{"other", s.identity}[min(p.random.IntN(12), 1)])
	line += p.statement(name, p.observer.holding, "held") + p.statement(name, p.observer.waiting, "waiting")
	if p.random.IntN(4) == 0 { // an acquire that was on its way
		line += fmt.Sprintf(" waiting %d:x%d", p.count, p.random.IntN(4))
		p.count++
	}
	p.run(line)
	l.taking = append(l.taking, with)
}

func (p *program) statement(session string, requests map[wire.ID]bool, word string) string {
	ids := slices.SortedFunc(maps.Keys(requests), func(a, b wire.ID) int { return cmp.Compare(a.N, b.N) })
	var text strings.Builder
	for _, id := range ids {
		if id.Session != session || p.random.IntN(6) == 0 {
			continue
		}
		fmt.Fprintf(&text, " %s %d:", word, id.N)
		if word == "held" {
			token := p.observer.tokens[id]
			if p.random.IntN(40) == 0 {
				token++
			}
			fmt.Fprintf(&text, "%d:", token)
		}
		text.WriteString(strings.Join(p.observer.locks[id], ","))
	}
	return text.String()
}

// goOnTaking does the next step of taking up a session, or gives up.
func (p *program) goOnTaking() {
	l := &p.lastings
	with := p.take(&l.taking)
	r := p.resumptions[with]
	if p.random.IntN(12) == 0 && p.observer.lasting[with] != nil { // its connection ends
		p.run("giveup " + with)
		p.run("end " + with + " gone")
		p.gone = append(p.gone, with)
		return
	}
	p.stepOfTaking(with, r)
	switch {
	case p.resumptions[with] != nil:
		l.taking = append(l.taking, with)
	case p.observer.lasting[with] != nil: // it was refused
		l.fresh = append(l.fresh, with)
	}
}

// stepOfTaking does the next step for the resumption on the connection of a session.
func (p *program) stepOfTaking(with string, r *Resumption) {
	l, name := &p.lastings, r.Claim.Session
	s := p.observer.lasting[name]
	budget := fmt.Sprintf(" budget %d", []int{1, 2, 100}[p.random.IntN(3)])
	switch {
	case s != nil && s.taker == r && !s.absent:
		l.open = slices.DeleteFunc(l.open, func(other string) bool { return other == name })
		p.detachOne(name)
	case r.phase == settled && p.observer.lasting[with] == nil:
		p.run("recheck " + with + budget)
	case r.phase == settled:
		p.run("attach " + with)
		if s != nil && p.observer.lasting[with] == nil {
			p.attached++
			l.absent = slices.DeleteFunc(l.absent, func(other string) bool { return other == name })
			l.open, p.open = append(l.open, name), append(p.open, name)
		}
	case s != nil && s.taker == r || s == nil && r.open > 0:
		p.run("settle " + with + budget)
	default:
		p.run("check " + with + budget)
	}
}

// endLasting ends what is left.
func (p *program) endLasting() {
	for _, with := range p.lastings.taking {
		p.run("giveup " + with)
		if p.observer.lasting[with] != nil {
			p.lastings.fresh = append(p.lastings.fresh, with)
		}
	}
	for _, name := range p.lastings.fresh {
		p.run("end " + name + " gone")
		p.gone = append(p.gone, name)
	}
	p.run(fmt.Sprintf("at %v", p.now+time.Minute))
	p.endAbsences()
}
