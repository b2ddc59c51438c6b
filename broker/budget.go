package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// The approximate size limits, in bytes of JSON, of an info page and of a chain of why.
const (
	pageBytes  = 256 << 10
	chainBytes = 128 << 10
)

// answerBudget returns these limits for the lock table, with the functions that measure what it
// returns.
func answerBudget() locktable.Budget {
	return locktable.Budget{
		Page:        pageBytes,
		Chain:       chainBytes,
		LockSize:    jsonsize.Lock,
		RequestSize: jsonsize.Request,
		StepSize:    jsonsize.Step,
	}
}
