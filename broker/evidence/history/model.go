package history

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
)

// model is the sequential specification of locks, with two operations: a grant and an end. It covers an exclusive lock,
// a reader-writer lock, a semaphore, and requests for several locks at once.
var model = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(s, input, _ any) (bool, any) { return s.(state).step(input.(operation)) },
	Equal: func(a, b any) bool {
		return a.(state).last == b.(state).last && slices.Equal(a.(state).holders, b.(state).holders)
	},
	DescribeOperation: func(input, _ any) string { return input.(operation).String() },
	DescribeState:     func(s any) string { return s.(state).String() },
}

// An operation is the grant or the end of a request.
type operation struct {
	request *Request
	end     bool
}

func (o operation) String() string {
	if o.end {
		return fmt.Sprintf("end %s, %s", o.request, o.request.end())
	}
	return fmt.Sprintf("grant %s token %d", event.Names(o.request.Locks), o.request.Token)
}

// A state is who holds, and the last token. Operations do not change it, but return another.
type state struct {
	last    int64
	holders []*Request // in the order of their grants
}

// step returns whether the state allows the operation, and the state after it.
func (s state) step(o operation) (bool, state) {
	if o.end {
		i := slices.Index(s.holders, o.request)
		if i < 0 {
			return false, s
		}
		return true, state{last: s.last, holders: slices.Concat(s.holders[:i], s.holders[i+1:])}
	}
	if o.request.Token <= s.last {
		return false, s
	}
	for _, l := range o.request.Locks {
		if !s.admits(l) {
			return false, s
		}
	}
	return true, state{last: o.request.Token, holders: append(slices.Clone(s.holders), o.request)}
}

// admits reports whether one more request may hold a lock like this: all holders together must be no more than the
// least limit among them.
func (s state) admits(l event.Lock) bool {
	most, holders := l.Most(), 1
	for _, q := range s.holders {
		if held, ok := q.hold(l.Name); ok {
			most, holders = min(most, held.Most()), holders+1
		}
	}
	return holders <= most
}

func (s state) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "last token %d", s.last)
	for _, q := range s.holders {
		fmt.Fprintf(&text, "; %s #%d holds %s", q.Worker, q.Number, event.Names(q.Locks))
	}
	return text.String()
}

// operations returns the grants and ends of the requests that were granted. The grant happened between the call and the
// report of the grant. The client treats the locks as held from the grant to the end. The end happened after the last
// time at which the client said that it holds, and before it reported the end.
//
// A request whose grant nobody has reported is left out: whether the broker has granted it or not, nobody has used it.
func operations(requests []*Request) []porcupine.Operation {
	workers := make(map[string]int)
	var ops []porcupine.Operation
	for _, q := range requests {
		if q.Granted == 0 {
			continue
		}
		if _, ok := workers[q.Worker]; !ok {
			workers[q.Worker] = len(workers)
		}
		ops = append(ops,
			porcupine.Operation{
				ClientId: workers[q.Worker], Input: operation{request: q},
				Call: q.Called, Return: q.Granted,
			},
			porcupine.Operation{
				ClientId: workers[q.Worker], Input: operation{request: q, end: true},
				Call: q.mayEndFrom(), Return: q.Ended,
			})
	}
	return ops
}
