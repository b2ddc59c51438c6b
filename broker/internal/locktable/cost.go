package locktable

// What calls cost is counted in steps of some 10 to 30 ns: to look at a place is one.
const (
	placeCost    = 3  // to put a place somewhere, or to take it away
	requestCost  = 6  // to make a request known, or to end it
	describeCost = 12 // to describe a request; its locks cost extra
)

// Cost counts what all calls so far have cost, in steps of some 10 to 30 ns. It only
// grows. The caller takes the difference over a call to charge it to a session.
func (t *Table) Cost() int64 { return t.cost }

// charge counts what a call costs.
func (t *Table) charge(steps int) { t.cost += int64(steps) }
