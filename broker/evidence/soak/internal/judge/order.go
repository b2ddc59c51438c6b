package judge

import "github.com/lockbroker/lockbroker/broker/evidence/promise"

// keptPeriods is how many quiet periods the judge remembers.
const keptPeriods = 16

// A quiet period is one in which nothing may be granted.
type quiet struct {
	promise  promise.Promise
	from, to int64
	why      string
}

// checkTokens compares the token of a new interval with those of all grants that were certainly before it or after it.
func (j *Judge) checkTokens(i *interval) {
	j.checks[promise.RisingTokens]++
	if i.Called > j.forgottenFrom && i.Token <= j.forgottenToken {
		j.report(promise.Violate(promise.RisingTokens,
			"%s has a token that is not above %d, which was granted earlier",
			i, j.forgottenToken))
	}
	for _, other := range j.order {
		before, after := other, i
		switch {
		case other.From < i.Called:
		case i.From < other.Called:
			before, after = i, other
		case i.Token == other.Token:
			j.report(promise.Violate(promise.RisingTokens, "%s and %s have the same token", i, other))
			continue
		default:
			continue
		}
		if before.Token >= after.Token {
			j.report(promise.Violate(promise.RisingTokens, "%s was granted before %s", before, after))
		}
	}
}

// Quiet says that nothing was allowed to be granted between two moments, and why. Requests that were sent earlier may
// have been granted before, so only those that were sent after the beginning count.
func (j *Judge) Quiet(p promise.Promise, from, to int64, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	q := quiet{p, from, to, why}
	j.quiet = append(j.quiet, q)
	if len(j.quiet) > keptPeriods {
		j.quiet = j.quiet[1:]
	}
	j.checks[p]++
	for _, i := range j.order {
		j.compare(q, i)
	}
}

func (j *Judge) checkQuiet(i *interval) {
	for _, q := range j.quiet {
		j.compare(q, i)
	}
}

func (j *Judge) compare(q quiet, i *interval) {
	if i.Called >= q.from && i.From <= q.to {
		j.report(promise.Violate(q.promise, "%s was granted between %d and %d: %s", i, q.from, q.to, q.why))
	}
}
