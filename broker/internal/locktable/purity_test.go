package locktable

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/purity"
)

// The table is a pure state machine: none of these packages, except time, reads a clock, does I/O or
// starts a goroutine.
func TestPurity(t *testing.T) {
	purity.Check(t,
		"cmp",
		"container/heap",
		"iter",
		"hash/maphash", // its seeds are random, but no answer depends on them
		"math",
		"slices",
		"strconv",
		"strings",
		"time",
		"github.com/bmatcuk/doublestar/v4",
		"github.com/tidwall/btree",
		"github.com/lockbroker/lockbroker/broker/internal/shrink",
		"github.com/lockbroker/lockbroker/broker/wire",
		"github.com/lockbroker/lockbroker/broker/wire/glob",
	)
}
