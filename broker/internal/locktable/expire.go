package locktable

import "time"

// advance moves the table's time to now and does what is due by then: first
// those that have waited long enough end, then those that have held long
// enough, and only then is anything granted.
func (t *Table) advance(now time.Duration, events []Event) []Event {
	if now < t.now {
		panic("locktable: time ran backwards")
	}
	t.now = now
	if len(t.deadlines) == 0 || t.deadlines[0].due > now {
		return events
	}
	var holders []*request
	for len(t.deadlines) > 0 && t.deadlines[0].due <= now {
		r := t.deadlines.pop()
		if r.state == holding {
			holders = append(holders, r)
			continue
		}
		obstacle := t.obstacle(nil, r)
		event := t.end(r, TimedOut)
		event.Obstacle = obstacle
		event.Reason = "not granted within " + (r.due - r.since).String()
		events = append(events, event)
	}
	for _, r := range holders {
		events = append(events, t.end(r, Expired))
	}
	return t.settle(events)
}
