//go:build !linux

package wsclient

import "time"

// asleep returns 0. On these systems only the wall clock shows a suspension.
func asleep() time.Duration { return 0 }
