package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// About how many bytes of JSON an answer to info, or to why, may take.
const (
	pageBytes  = 256 << 10
	chainBytes = 128 << 10
)

// answerBudget returns the limits of the table's answers, in bytes of JSON.
func answerBudget() locktable.Budget {
	return locktable.Budget{
		Page:        pageBytes,
		Chain:       chainBytes,
		LockSize:    jsonsize.Lock,
		RequestSize: jsonsize.Request,
		StepSize:    jsonsize.Step,
	}
}
