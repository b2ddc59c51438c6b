package core

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/purity"
)

// The core is a pure state machine: none of these packages, except time, reads a clock, does I/O or
// starts a goroutine.
func TestPurity(t *testing.T) {
	purity.Check(t,
		"cmp",
		"container/heap",
		"errors",
		"fmt",
		"math",
		"slices",
		"time",
		"github.com/lockbroker/lockbroker/broker/wire",
		"github.com/lockbroker/lockbroker/broker/wire/codec",
		"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap",
	)
}
