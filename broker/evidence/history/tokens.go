package history

import (
	"cmp"
	"slices"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// fallingToken looks for a request that was called after another had been granted, on any lock, and that did not get a
// greater token. It returns the first case, or nil.
func fallingToken(requests []*Request) *promise.Violation {
	var called []*Request
	for _, q := range requests {
		if q.Granted != 0 {
			called = append(called, q)
		}
	}
	granted := slices.Clone(called)
	slices.SortFunc(called, func(a, b *Request) int { return cmp.Compare(a.Called, b.Called) })
	slices.SortFunc(granted, func(a, b *Request) int { return cmp.Compare(a.Granted, b.Granted) })
	var greatest *Request // of those that were granted before q was called
	next := 0
	for _, q := range called {
		for ; next < len(granted) && granted[next].Granted < q.Called; next++ {
			if greatest == nil || granted[next].Token > greatest.Token {
				greatest = granted[next]
			}
		}
		if greatest != nil && q.Token <= greatest.Token {
			return promise.Violate(promise.RisingTokens,
				"a later request got a token that is not greater:\n\t%s\n\t%s", greatest, q)
		}
	}
	return nil
}
