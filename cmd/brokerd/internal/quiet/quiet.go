// Package quiet limits how often a log line is written that strangers can cause. Use [NewLine] for each kind of
// line. A line that is suppressed is counted, and the next one of its kind says how many there were.
package quiet

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// Each kind of line may be written burst times, and then once per interval.
const (
	burst    = 10
	interval = 5 * time.Second
)

// A Line is one kind of line. Its methods may be called concurrently.
type Line struct {
	log zerolog.Logger

	mu         sync.Mutex
	limiter    *rate.Limiter
	suppressed int64
}

// NewLine returns a kind of line that is written to log.
func NewLine(log zerolog.Logger) *Line {
	return &Line{log: log, limiter: rate.NewLimiter(rate.Every(interval), burst)}
}

// Warn writes a warning, to which add adds fields, or suppresses it. add may be nil.
func (l *Line) Warn(message string, add func(*zerolog.Event)) {
	before, ok := l.admit(time.Now())
	if !ok {
		return
	}
	event := l.log.Warn()
	if before > 0 {
		event.Int64("suppressed", before)
	}
	if add != nil {
		add(event)
	}
	event.Msg(message)
}

// admit reports whether a line may be written now, and how many were suppressed before it.
func (l *Line) admit(now time.Time) (suppressed int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.limiter.AllowN(now, 1) {
		l.suppressed++
		return 0, false
	}
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed, true
}
