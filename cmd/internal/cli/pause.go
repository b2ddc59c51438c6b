package cli

import (
	"context"
	"time"
)

// Pause waits for d and returns true. If ctx ends first, it returns false.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
