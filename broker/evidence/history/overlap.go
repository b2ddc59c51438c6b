package history

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// overlap looks for requests that certainly held a lock at the same time and must not. It returns the first such
// requests, the last to be granted last, and the lock; or nil. Package porcupine decides whether a history is
// right. This explains to a person what is wrong.
func overlap(requests []*Request) (holders []*Request, lock string) {
	sorted := slices.Clone(requests)
	slices.SortFunc(sorted, func(a, b *Request) int { return cmp.Compare(a.holdsFrom(), b.holdsFrom()) })
	var holding []*Request
	for _, q := range sorted {
		if q.Granted == 0 || q.Held < q.holdsFrom() {
			continue
		}
		holding = slices.DeleteFunc(holding, func(p *Request) bool { return p.Held < q.holdsFrom() })
		for _, l := range q.Locks {
			if with := conflict(holding, q, l); with != nil {
				return append(with, q), l.Name
			}
		}
		holding = append(holding, q)
	}
	return nil, ""
}

// conflict returns the holders of a lock with which q is one too many, or nil.
func conflict(holding []*Request, q *Request, l event.Lock) []*Request {
	most := l.Most()
	var holders []*Request
	for _, p := range holding {
		if held, ok := p.hold(l.Name); ok && p != q {
			most = min(most, held.Most())
			holders = append(holders, p)
		}
	}
	if len(holders)+1 <= most {
		return nil
	}
	return holders
}

// violation says which promise the overlap breaks. The request with the greatest token was granted last. If the broker
// has confirmed that another one held until it released, the broker has granted the lock twice. Otherwise a client has
// treated the lock as held for too long.
func violation(holders []*Request, lock string) *promise.Violation {
	latest := slices.MaxFunc(holders, func(a, b *Request) int { return cmp.Compare(a.Token, b.Token) })
	broken := promise.Exclusion
	var texts []string
	for _, q := range holders {
		texts = append(texts, q.String())
		switch {
		case q == latest:
		case q.How != event.Released:
			broken = promise.Lease
		case len(q.Locks) > 1 && broken == promise.Exclusion:
			broken = promise.AllOrNothing
		}
	}
	return promise.Violate(broken, "%s was held by %d requests at %s:\n\t%s", lock, len(holders),
		seconds(holders[len(holders)-1].holdsFrom()), strings.Join(texts, "\n\t"))
}
