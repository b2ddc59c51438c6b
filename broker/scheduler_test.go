package broker

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/fair"
)

// A worker always wants another turn in its lane. Each turn costs price.
type worker struct {
	flow  fair.Flow[*session]
	share fair.Share[*session]
	price int
}

// divide lets one worker in each lane share the loop; a lane with price 0 has none. It returns each
// lane's part of the time.
func divide(prices [lanes]int) (spent [lanes]float64) {
	var t scheduler
	var workers [lanes]*worker
	for in, price := range prices {
		if price > 0 {
			w := &worker{price: price}
			w.flow = fair.NewFlow[*session](nil, &w.share)
			workers[in] = w
			t.queues[in].Add(&w.flow)
		}
	}
	const all = 100_000_000
	for total := 0; total < all; {
		in := t.nextLane()
		w := workers[in]
		t.queues[in].Next().Charge(w.price)
		t.queues[in].Again(&w.flow)
		t.spent(in, w.price)
		t.forgive()
		spent[in] += float64(w.price) / all
		total += w.price
	}
	return spent
}

// Long work gets a third of the time while there is other work, however long each piece of it is.
// It gets all of the time if there is no other work. Freeing work goes first, but cannot keep
// everything else waiting.
func TestLanesDivideTheTime(t *testing.T) {
	const short, long = 60, stepsOfSlice
	for _, c := range []struct {
		name         string
		prices, want [lanes]float64
	}{
		{"all", [lanes]float64{short, short, long}, [lanes]float64{4. / 9, 2. / 9, 1. / 3}},
		{"no long work", [lanes]float64{short, short, 0}, [lanes]float64{2. / 3, 1. / 3, 0}},
		{"no freeing work", [lanes]float64{0, short, long}, [lanes]float64{0, 2. / 3, 1. / 3}},
		{"only freeing work", [lanes]float64{short, 0, long}, [lanes]float64{2. / 3, 0, 1. / 3}},
		{"only long work", [lanes]float64{0, 0, long}, [lanes]float64{0, 0, 1}},
	} {
		var prices [lanes]int
		for i, price := range c.prices {
			prices[i] = int(price)
		}
		got := divide(prices)
		for i := range got {
			if d := got[i] - c.want[i]; d < -.02 || d > .02 {
				t.Errorf("%s: the lanes got %.2f of the time, want %.2f", c.name, got, c.want)
				break
			}
		}
	}
}
