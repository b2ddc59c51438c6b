package listing

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func TestOrder(t *testing.T) {
	lock := func(name string, waiting int, heldMS ...int64) wire.LockInfo {
		l := wire.LockInfo{Name: name, Waiting: waiting}
		for _, ms := range heldMS {
			l.Holders = append(l.Holders, request(1, "", ms))
		}
		return l
	}
	broken := errors.New("broken")
	locks := func(yield func(wire.LockInfo, error) bool) {
		locks := []wire.LockInfo{lock("b", 3, 10), lock("c", 0), lock("a", 7, 10), lock("d", 7, 200, 1)}
		for _, l := range locks {
			if !yield(l, nil) {
				return
			}
		}
		yield(wire.LockInfo{}, broken)
	}
	for order, want := range map[Order][]string{
		ByUse:     {"b", "c", "a", "d"},
		ByName:    {"a", "b", "c", "d"},
		ByAge:     {"d", "b", "a", "c"},
		ByWaiters: {"a", "d", "b", "c"},
	} {
		if got, err := names(order.Of(locks)); !slices.Equal(got, want) || !errors.Is(err, broken) {
			t.Errorf("by %s: %v, %v; want %v", order, got, err, want)
		}
	}
}

func names(locks iter.Seq2[wire.LockInfo, error]) (names []string, failed error) {
	for lock, err := range locks {
		if err != nil {
			return names, err
		}
		names = append(names, lock.Name)
	}
	return names, nil
}
