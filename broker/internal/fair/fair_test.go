package fair

import (
	"testing"

	"pgregory.net/rapid"
)

// A crowd is a set of flows that always want another turn. Each has its own price.
type crowd struct {
	queue Queue[string]
	price map[string]int
	spent map[string]int
	turns []string
}

func newCrowd() *crowd { return &crowd{price: map[string]int{}, spent: map[string]int{}} }

func (c *crowd) add(share *Share[string], name string, price int) {
	f := NewFlow(name, share)
	c.price[name] = price
	c.queue.Add(&f)
}

// serve gives turns until total has been spent.
func (c *crowd) serve(total int) {
	for total > 0 {
		f := c.queue.Next()
		price := c.price[f.Owner]
		c.spent[f.Owner] += price
		c.turns = append(c.turns, f.Owner)
		total -= price
		f.Charge(price)
		c.queue.Again(f)
	}
}

// The queue divides time, not turns: a flow whose turns cost a thousand times as much gets the same
// time.
func TestSharesAreByCost(t *testing.T) {
	c := newCrowd()
	var one, two, three Share[string]
	c.add(&one, "cheap", 10)
	c.add(&two, "dear", 10_000)
	c.add(&three, "middling", 300)
	c.serve(3_000_000)
	for name, spent := range c.spent {
		if spent < 980_000 || spent > 1_020_000 {
			t.Errorf("%s has spent %d of 3,000,000, want a third", name, spent)
		}
	}
}

// More connections bring no advantage: a share with a hundred flows gets as much time as a share
// with one.
func TestFlowsDivideTheirShare(t *testing.T) {
	c := newCrowd()
	var many, few Share[string]
	for range 99 {
		c.add(&many, "many", 100)
	}
	c.add(&many, "one of many", 100)
	c.add(&few, "few", 100)
	c.serve(2_000_000)
	if got := c.spent["few"]; got < 990_000 || got > 1_010_000 {
		t.Errorf("the single flow has spent %d of 2,000,000, want half", got)
	}
	if got := c.spent["one of many"]; got < 9_000 || got > 11_000 {
		t.Errorf("one of a hundred has spent %d, want a hundredth of its share", got)
	}
}

// A new flow in a new share gets a turn within one round, whatever others owe or want.
func TestNewcomerWaitsOneRound(t *testing.T) {
	c := newCrowd()
	var share Share[string]
	for range 300 {
		c.add(&share, "hostile", 500_000)
	}
	c.serve(200 * 500_000)
	c.add(&share, "victim", 50)
	c.turns = nil
	c.serve(110 * 500_000)
	for i, name := range c.turns {
		if name == "victim" {
			if i > 101 {
				t.Errorf("the new flow waited for %d turns of others, want at most a round", i)
			}
			return
		}
	}
	t.Error("the new flow got no turn")
}

// When a flow wants no more turns, it keeps its debt and loses its credit.
func TestDebtStaysAndCreditGoes(t *testing.T) {
	var q Queue[string]
	var a, b Share[string]
	debtor, other := NewFlow("debtor", &a), NewFlow("other", &b)
	q.Add(&debtor)
	q.Next().Charge(10 * Quantum)
	q.Rest(&debtor)

	q.Add(&debtor)
	q.Add(&other)
	before := 0
	for f := q.Next(); f != &debtor; f = q.Next() {
		f.Charge(Quantum)
		q.Again(f)
		before++
	}
	if before < 9 || before > 11 {
		t.Errorf("the other had %d turns before the debt was paid, want about 10", before)
	}
	q.Rest(&debtor)
	if debtor.credit > 0 || a.credit > 0 {
		t.Errorf("credit was kept: flow %d, share %d", debtor.credit, a.credit)
	}
}

// A flow that was added gets its turn exactly once, and Len is right, whatever is added and
// removed.
func TestEveryFlowGetsItsTurnOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q Queue[int]
		shares := make([]Share[int], 3)
		var flows []*Flow[int]
		wants := map[int]bool{}
		for i := range 9 {
			f := NewFlow(i, &shares[i%3])
			flows = append(flows, &f)
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if i := rapid.IntRange(0, 17).Draw(t, "flow"); i < 9 {
				if !wants[i] {
					q.Add(flows[i])
					wants[i] = true
				}
				continue
			}
			f := q.Next()
			if f == nil {
				if q.Len() != 0 || len(wants) != 0 {
					t.Fatalf("Next returned nil, but Len is %d and %v want a turn", q.Len(), wants)
				}
				continue
			}
			if !wants[f.Owner] {
				t.Fatalf("%d got a turn that it did not want", f.Owner)
			}
			f.Charge(rapid.IntRange(0, 5*Quantum).Draw(t, "cost"))
			if rapid.Bool().Draw(t, "again") {
				q.Again(f)
			} else {
				q.Rest(f)
				delete(wants, f.Owner)
			}
			if q.Len() != len(wants) {
				t.Fatalf("%d in the queue, want %d", q.Len(), len(wants))
			}
		}
		for ; q.Len() > 0; delete(wants, q.Next().Owner) {
		}
		if len(wants) != 0 {
			t.Fatalf("lost: %v", wants)
		}
	})
}
