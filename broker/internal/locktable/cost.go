package locktable

// The costs of calls are counted in steps of about 10 to 30 ns. Looking at a place is one.
const (
	placeCost       = 3  // putting a place into a list, or taking it out
	requestCost     = 6  // making a request known, or ending it
	describeCost    = 12 // describing a request; its locks cost extra
	chainSearchCost = 5  // looking at a request, and asking what keeps it from ending
)

// Cost returns the cost of all calls so far, in steps of about 10 to 30 ns. It never decreases.
// The difference over a call is the cost of that call.
func (t *Table) Cost() int64 { return t.cost }

// charge adds steps to the cost.
func (t *Table) charge(steps int) { t.cost += int64(steps) }
