package history

import (
	"cmp"
	"slices"

	"github.com/anishathalye/porcupine"
)

// shrink returns a small part of the requests that is not linearizable, and nil if all of them are linearizable. To
// leave out a request, with its grant and its end, never makes a right history wrong. So a part that is wrong shows
// that the whole is.
func shrink(requests []*Request) []*Request {
	if holders, _ := overlap(requests); holders != nil {
		return around(requests, holders)
	}
	if !isWrong(requests) {
		return nil
	}
	sorted := slices.Clone(requests)
	slices.SortFunc(sorted, func(a, b *Request) int { return cmp.Compare(a.Granted, b.Granted) })
	for size := len(sorted) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(sorted); {
			if rest := slices.Concat(sorted[:at], sorted[at+size:]); isWrong(rest) {
				sorted = rest
			} else {
				at += size
			}
		}
	}
	return sorted
}

func isWrong(requests []*Request) bool {
	return porcupine.CheckOperationsTimeout(model, operations(requests), patience) == porcupine.Illegal
}

// around returns the holders, and the requests that were granted while one of them held.
func around(requests, holders []*Request) []*Request {
	first, last := span(holders)
	return slices.DeleteFunc(slices.Clone(requests), func(q *Request) bool {
		return !slices.Contains(holders, q) && (q.Granted < first || q.Granted > last)
	})
}
