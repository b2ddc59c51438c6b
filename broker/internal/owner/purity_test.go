package owner

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/purity"
)

// The decisions are a pure state machine: none of these packages, except time, reads a clock, does I/O or starts a
// goroutine.
func TestPurity(t *testing.T) {
	purity.Check(t,
		"bytes",
		"errors",
		"slices",
		"strconv",
		"time",
		"github.com/lockbroker/lockbroker/broker/cluster",
		"github.com/lockbroker/lockbroker/broker/internal/core",
		"github.com/lockbroker/lockbroker/broker/wire",
	)
}
