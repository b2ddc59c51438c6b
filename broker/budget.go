package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// The approximate size limits of the answers to info (a page) and to why (a chain), in bytes of
// JSON.
const (
	pageBytes  = 256 << 10
	chainBytes = 128 << 10
)

// answerBudget returns these limits for the lock table, and the functions with which the table
// measures its answers.
func answerBudget() locktable.Budget {
	return locktable.Budget{
		Page:        pageBytes,
		Chain:       chainBytes,
		LockSize:    jsonsize.Lock,
		RequestSize: jsonsize.Request,
		StepSize:    jsonsize.Step,
	}
}
