package metrics

import "time"

// peakPeriod is how long each of the two periods of a [Peak] lasts.
const peakPeriod = time.Minute

// A Peak is the longest duration of the last minute or two. A scrape does not reset it, so several
// programs may scrape the same broker.
type Peak struct {
	began           time.Duration // when the current period began
	before, current time.Duration // the longest of the previous period and of this one
}

// Observe notes a duration that has ended at now.
func (p *Peak) Observe(now, d time.Duration) {
	p.advance(now)
	p.current = max(p.current, d)
}

// At returns the longest duration that ended in the current period or the one before.
func (p *Peak) At(now time.Duration) time.Duration {
	p.advance(now)
	return max(p.before, p.current)
}

func (p *Peak) advance(now time.Duration) {
	passed := (now - p.began) / peakPeriod
	switch {
	case passed < 1:
		return
	case passed == 1:
		p.before = p.current
	default:
		p.before = 0
	}
	p.current = 0
	p.began += passed * peakPeriod
}
