package listing

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// AppendLock appends a lock for people: its name, its holders, its waiters, and
// an empty line.
func AppendLock(text []byte, lock wire.LockInfo) []byte {
	text = fmt.Appendf(text, "%s:\n", wire.Printable(lock.Name))
	text = AppendRequests(text, "* ", lock.Holders, lock.Holding)
	text = AppendRequests(text, "  ", lock.Waiters, lock.Waiting)
	return append(text, '\n')
}

// AppendRequests appends a line for each, and one for those of all that are not
// among them.
func AppendRequests(text []byte, mark string, requests []wire.RequestInfo, all int) []byte {
	for _, r := range requests {
		text = append(text, mark...)
		text = fmt.Appendf(AppendWho(text, r), ", duration: %s", Clock(r.Duration()))
		if r.Gone {
			text = append(text, " (gone)"...)
		}
		text = append(text, '\n')
	}
	if more := all - len(requests); more > 0 {
		text = fmt.Appendf(text, "%s... and %d more\n", mark, more)
	}
	return text
}

// AppendWho appends a request in the form "@author, #id".
func AppendWho(text []byte, r wire.RequestInfo) []byte {
	if r.Author != "" {
		text = fmt.Appendf(text, "@%s, ", wire.Printable(r.Author))
	}
	return fmt.Appendf(text, "#%s", wire.Printable(r.ID.String()))
}

// Clock writes d as H:MM:SS.ffffff; the hours have as many digits as they need.
func Clock(d time.Duration) string {
	seconds := d / time.Second
	return fmt.Sprintf("%d:%02d:%02d.%06d",
		seconds/3600, seconds/60%60, seconds%60, d%time.Second/time.Microsecond)
}

// Short writes d as H:MM:SS.
func Short(d time.Duration) string {
	seconds := d / time.Second
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
