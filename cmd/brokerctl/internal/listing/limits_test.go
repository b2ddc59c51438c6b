package listing

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Different limits are listed with the first request that has each, lowest first. Exclusive requests have no
// limit.
func TestLimits(t *testing.T) {
	ask := func(n int64, author string, mode wire.Mode, limit wire.Opt[int]) wire.RequestInfo {
		r := request(n, author, 0)
		r.Mode, r.Limit = mode, limit
		return r
	}
	three := ask(1, "a", wire.Shared, wire.Some(3))
	two := ask(2, "", wire.Shared, wire.Some(2))
	none := ask(3, "c\n", wire.Shared, wire.Opt[int]{})
	alone := ask(4, "d", wire.Exclusive, wire.Opt[int]{})
	for _, test := range []struct {
		holders, waiters []wire.RequestInfo
		want             string
	}{
		{nil, nil, ""},
		{[]wire.RequestInfo{three, three}, []wire.RequestInfo{alone}, ""},
		{[]wire.RequestInfo{none}, []wire.RequestInfo{alone, none}, ""},
		{[]wire.RequestInfo{three, three}, []wire.RequestInfo{alone, two, two},
			"limits differ: 2 by #k3v9x2mq--2; 3 by @a, #k3v9x2mq--1"},
		{[]wire.RequestInfo{none, three}, nil,
			`limits differ: 3 by @a, #k3v9x2mq--1; none by @"c\n", #k3v9x2mq--3`},
	} {
		lock := wire.LockInfo{Holders: test.holders, Waiters: test.waiters}
		if got := Limits(lock); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
