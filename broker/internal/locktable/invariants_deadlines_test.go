package locktable

import "fmt"

// checkDeadlines is the second half of invariant 5: nothing due is left undone. It also checks
// that exactly the holders with a hold time have a deadline. If slices are so small that tests
// use them up, the oracle checks what is left over. It also checks the first half.
func checkDeadlines(t *Table) error {
	for _, state := range []state{waiting, holding} {
		if err := checkDeadlinesOf(t, state); err != nil {
			return err
		}
	}
	for r := range t.allRequests() {
		if r.state == holding && (r.hold > 0) != (r.dueIndex >= 0) {
			return fmt.Errorf("%s holds for %s, index among the deadlines %d", r.id(), r.hold, r.dueIndex)
		}
		deadlines := *t.deadlinesOf(r)
		if r.dueIndex >= 0 && (int(r.dueIndex) >= len(deadlines) || deadlines[r.dueIndex] != r) {
			return fmt.Errorf("%s is not at its index among the deadlines", r.id())
		}
	}
	return nil
}

// checkDeadlinesOf checks the deadlines of requests in one state.
func checkDeadlinesOf(t *Table, state state) error {
	deadlines := *t.deadlinesOf(&request{state: state})
	if err := checkHeap(deadlines, func(r *request) int { return int(r.dueIndex) }); err != nil {
		return fmt.Errorf("deadlines: %w", err)
	}
	for _, r := range deadlines {
		switch {
		case r.state != state:
			return fmt.Errorf("%s is among the wrong deadlines", r.id())
		case r.due <= t.now && t.config.Slice >= defaultSlice:
			return fmt.Errorf("invariant 5: %s was due at %s, now is %s", r.id(), r.due, t.now)
		case t.find(r.id()) != r:
			return fmt.Errorf("invariant 8: a deadline of %s, which has ended", r.id())
		case r.state == holding && r.due != r.since+r.hold:
			return fmt.Errorf("%s is due at %s, but holds from %s for %s", r.id(), r.due, r.since, r.hold)
		}
	}
	return nil
}

// checkKept checks that exactly the sessions are kept that have left and hold until later.
func checkKept(t *Table) error {
	if err := checkHeap(t.keeps, func(s *session) int { return s.keepIndex }); err != nil {
		return fmt.Errorf("kept: %w", err)
	}
	held := 0
	for _, s := range t.sessions.All() {
		held += length(s.holding)
		if err := checkKeptSession(t, s); err != nil {
			return err
		}
	}
	if held != t.held {
		return fmt.Errorf("%d requests hold, %d are counted", held, t.held)
	}
	return nil
}

func checkKeptSession(t *Table, s *session) error {
	if s.leaving && s.requests.len == 0 {
		return fmt.Errorf("session %s has left, has nothing, and is not forgotten", s.name)
	}
	if s.keepIndex < 0 {
		return nil
	}
	switch {
	case s.keepIndex >= len(t.keeps) || t.keeps[s.keepIndex] != s:
		return fmt.Errorf("session %s is not at its index among the kept", s.name)
	case !s.leaving || s.waiting.first != nil || s.holding.first == nil:
		return fmt.Errorf("session %s is kept: leaving is %t, %d wait, %d hold",
			s.name, s.leaving, length(s.waiting), length(s.holding))
	case s.keep <= t.now && t.config.Slice >= defaultSlice:
		return fmt.Errorf("invariant 5: session %s was kept until %s, now is %s", s.name, s.keep, t.now)
	}
	return nil
}
