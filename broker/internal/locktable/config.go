package locktable

import (
	"cmp"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Config holds the settings of a table.
type Config struct {
	// FirstToken is the fencing token of the first grant, at least 1.
	FirstToken int64
	// Ceiling bounds the fencing tokens: a grant must have a token below it. Table.Allow
	// raises it. Requests wait while there is no token left. Default: no bound.
	Ceiling int64
	// MaxRequests is how many requests of one session may wait or hold at once.
	MaxRequests int
	// MaxIdle is how many names are remembered that nobody holds or waits for. Beyond that,
	// the least recently used is forgotten.
	MaxIdle int
	// Slice bounds how many requests one call ends because they are due. It counts places: a
	// request has one at each of its locks. The next call continues. Default 32.
	Slice int
	// Grants bounds how many places one call looks at to grant waiting requests. It also bounds
	// how many places of holders one call takes for steals. The next call continues. Default
	// 256.
	Grants int
	// Search is how many steps of a deadlock search one call does. Table.Search continues it.
	// Default 10,000.
	Search int
	// Budget bounds how much one answer describes.
	Budget Budget
}

// A Budget bounds how much one answer describes, in a unit that the caller chooses by its
// size functions. Without functions each lock, request and step counts as 1. An answer may
// exceed its bound by the last thing that it describes.
type Budget struct {
	Page  int // of a page of the listing; default 1000
	Chain int // of a chain or a cycle; default 200

	LockSize    func(*wire.LockInfo) int    // of a lock, not counting its holders and waiters
	RequestSize func(*wire.RequestInfo) int // of a holder or a waiter of a lock
	StepSize    func(*wire.Step) int        // of a step of a chain or a cycle
}

const (
	defaultSlice  = 32
	defaultGrants = 256
	defaultSearch = 10_000

	defaultPageBudget  = 1000
	defaultChainBudget = 200
)

// withDefaults returns c with the default for each field that is zero and has one.
func (c Config) withDefaults() Config {
	c.Ceiling = cmp.Or(c.Ceiling, wire.MaxInteger+1)
	c.Slice = cmp.Or(c.Slice, defaultSlice)
	c.Grants = cmp.Or(c.Grants, defaultGrants)
	c.Search = cmp.Or(c.Search, defaultSearch)
	c.Budget.Page = cmp.Or(c.Budget.Page, defaultPageBudget)
	c.Budget.Chain = cmp.Or(c.Budget.Chain, defaultChainBudget)
	return c
}

func (b *Budget) lockSize(info *wire.LockInfo) int {
	if b.LockSize == nil {
		return 1
	}
	return b.LockSize(info)
}

func (b *Budget) requestSize(info *wire.RequestInfo) int {
	if b.RequestSize == nil {
		return 1
	}
	return b.RequestSize(info)
}

func (b *Budget) stepSize(step *wire.Step) int {
	if b.StepSize == nil {
		return 1
	}
	return b.StepSize(step)
}
