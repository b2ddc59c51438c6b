package core

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// last S secret KEY [identity NAME] [moved]
func (d *driver) last(session string, rest []string) []string {
	s := &lastingSession{secret: rest[1], kept: true}
	for i := 2; i < len(rest); i++ {
		switch rest[i] {
		case "identity":
			i++
			s.identity = rest[i]
		case "moved":
			s.kept = false
		}
	}
	d.observer.lasting[session] = s
	d.machine.Last(session, s.identity, KeyOf(s.secret), s.kept)
	return nil
}

// detach S heard TIME
func (d *driver) detach(session string, rest []string) []string {
	heard := d.duration(rest[1])
	if !d.machine.Detach(session, heard) {
		d.note(d.observer.noteEmpty(session))
		return []string{"ended"}
	}
	until := heard + d.observer.config.Timeout
	d.observer.noteDetached(session, until)
	return []string{fmt.Sprintf("absent until %v", until)}
}

func (d *driver) absences(string, []string) (lines []string) {
	for {
		name, ok := d.machine.EndAbsence(d.now)
		if !ok {
			d.note(d.observer.checkNobodyLate(d.now))
			return lines
		}
		d.note(d.observer.noteAbsenceEnded(name, d.now))
		lines = append(lines, "ended "+name)
	}
}

// state WITH session S secret KEY,... [identity NAME] [held N:TOKEN:LOCK,...]... [waiting N:LOCK,...]...
//
// It begins to take up session S on the connection of session WITH.
func (d *driver) state(with string, rest []string) []string {
	claim, m := Claim{}, &wire.Resume{}
	for i := 0; i+1 < len(rest); i += 2 {
		switch word := rest[i+1]; rest[i] {
		case "session":
			claim.Session = word
		case "secret":
			for secret := range strings.SplitSeq(word, ",") {
				claim.Keys = append(claim.Keys, KeyOf(secret))
			}
		case "identity":
			claim.Identity = word
		case "held":
			n, token, locks := d.stated(word)
			m.Held = append(m.Held, wire.HeldRequest{N: n, Token: token, Locks: locks})
		case "waiting":
			n, _, locks := d.stated(word)
			m.Waiting = append(m.Waiting, wire.WaitingRequest{N: n, Locks: locks})
		default:
			d.t.Fatalf("not understood: %q", rest)
		}
	}
	r := NewResumption(claim)
	if !r.Add(m) {
		return []string{"the numbers do not rise"}
	}
	d.resumptions[with] = r
	return nil
}

// stated reads N:LOCK,... or N:TOKEN:LOCK,...
func (d *driver) stated(word string) (n, token int64, locks []wire.LockSpec) {
	parts := strings.Split(word, ":")
	numbers := make([]int64, 0, 2)
	for _, part := range parts[:len(parts)-1] {
		number, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			d.t.Fatal(err)
		}
		numbers = append(numbers, number)
	}
	for name := range strings.SplitSeq(parts[len(parts)-1], ",") {
		locks = append(locks, wire.LockSpec{Name: name})
	}
	return numbers[0], numbers[len(numbers)-1], locks
}

// more adds to the statement: more WITH [held ...] [waiting ...]
func (d *driver) more(with string, rest []string) []string {
	m := &wire.Resume{}
	for i := 0; i+1 < len(rest); i += 2 {
		n, token, locks := d.stated(rest[i+1])
		if rest[i] == "held" {
			m.Held = append(m.Held, wire.HeldRequest{N: n, Token: token, Locks: locks})
		} else {
			m.Waiting = append(m.Waiting, wire.WaitingRequest{N: n, Locks: locks})
		}
	}
	if !d.resumptions[with].Add(m) {
		return []string{"the numbers do not rise"}
	}
	return nil
}

// budgetOf reads a budget, if there is one.
func (d *driver) budgetOf(rest []string) int {
	if len(rest) == 2 {
		return d.number(rest[1])
	}
	return 1000
}

// check WITH [budget N]
func (d *driver) check(with string, rest []string) []string {
	r := d.resumptions[with]
	before := d.observer.picture()
	ok, done := d.machine.Check(r, d.budgetOf(rest))
	d.note(d.observer.judgeCheck(r, ok, done))
	if after := d.observer.picture(); after != before {
		d.note(fmt.Errorf("invariant 9: a check changed something:\n%s\n%s", before, after))
	}
	switch {
	case !ok:
		delete(d.resumptions, with)
		return []string{"refused"}
	case !done:
		return []string{"not done"}
	}
	return []string{"ok"}
}

// settle WITH [budget N]
//
// Without a budget it goes on until it is done.
func (d *driver) settle(with string, rest []string) (lines []string) {
	r := d.resumptions[with]
	for done := false; !done; {
		var events []locktable.Event
		events, done = d.machine.Settle(d.now, r, d.budgetOf(rest), nil)
		lines = append(lines, d.tell(events)...)
		if !done && len(rest) > 0 {
			return append(lines, "not done")
		}
	}
	d.note(d.observer.judgeSettled(r))
	granted, missing := []int64{}, []int64{}
	for _, g := range r.Granted {
		granted = append(granted, g.ID.N)
	}
	for _, w := range r.Missing {
		missing = append(missing, w.N)
	}
	const format = "holds %v, lost %v, granted %v, missing %v"
	return append(lines, fmt.Sprintf(format, r.Holds, r.Lost, granted, missing))
}

func (d *driver) attach(with string, _ []string) []string {
	r := d.resumptions[with]
	peer := wire.Peer{Remote: "192.0.2.2:1"}
	if !d.machine.Attach(r, with, peer, d.observer.accounts[with]) {
		delete(d.resumptions, with)
		return []string{"it has ended"}
	}
	d.note(d.observer.noteAttached(r, with))
	return nil
}

// recheck WITH [budget N]
func (d *driver) recheck(with string, rest []string) []string {
	events, done := d.machine.Recheck(d.now, d.resumptions[with], d.budgetOf(rest), nil)
	lines := d.tell(events)
	if !done {
		return append(lines, "not done")
	}
	delete(d.resumptions, with)
	return lines
}

func (d *driver) giveUp(with string, _ []string) []string {
	d.observer.noteGivenUp(d.resumptions[with])
	d.machine.GiveUp(d.resumptions[with])
	delete(d.resumptions, with)
	return nil
}
