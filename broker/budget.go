package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// How many bytes of JSON an answer to info or why may take, about.
const (
	pageBytes  = 256 << 10
	chainBytes = 128 << 10
)

// answerBudget bounds the answers of the lock table in bytes of JSON.
func answerBudget() locktable.Budget {
	return locktable.Budget{
		Page:        pageBytes,
		Chain:       chainBytes,
		LockSize:    jsonsize.Lock,
		RequestSize: jsonsize.Request,
		StepSize:    jsonsize.Step,
	}
}
