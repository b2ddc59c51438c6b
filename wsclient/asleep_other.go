//go:build !linux

package wsclient

import "time"

// asleep is not known: there the clock on the wall alone tells of a suspension.
func asleep() time.Duration { return 0 }
