package listing

import (
	"fmt"
	"time"
)

// Clock formats d as H:MM:SS.ffffff. The hours have as many digits as they need.
func Clock(d time.Duration) string {
	return fmt.Sprintf("%s.%06d", Short(d), d%time.Second/time.Microsecond)
}

// Short formats d as H:MM:SS.
func Short(d time.Duration) string {
	seconds := d / time.Second
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// Age formats d for people, in at most 6 characters up to 27 years: 5.0s, 2m05s, 3h04m, 5d06h. It does not round up,
// so that nothing seems to have lasted longer than it has.
func Age(d time.Duration) string {
	d = max(d, 0)
	seconds := int64(d / time.Second)
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d.%ds", seconds, d%time.Second/(100*time.Millisecond))
	case seconds < 3600:
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	case seconds < 24*3600:
		return fmt.Sprintf("%dh%02dm", seconds/3600, seconds/60%60)
	}
	return fmt.Sprintf("%dd%02dh", seconds/86400, seconds/3600%24)
}
