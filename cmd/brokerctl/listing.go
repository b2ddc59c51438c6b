package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// appendLock appends a lock for people: its name, its holders, its waiters, and
// an empty line.
func appendLock(text []byte, lock wire.LockInfo) []byte {
	text = fmt.Appendf(text, "%s:\n", printable(lock.Name))
	text = appendRequests(text, "* ", lock.Holders, lock.Holding)
	text = appendRequests(text, "  ", lock.Waiters, lock.Waiting)
	return append(text, '\n')
}

// appendRequests appends a line for each, and one for those of all that are not
// among them.
func appendRequests(text []byte, mark string, requests []wire.RequestInfo, all int) []byte {
	for _, r := range requests {
		text = append(text, mark...)
		text = fmt.Appendf(appendWho(text, r), ", duration: %s", clock(r.Duration()))
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

// appendWho appends a request in the form "@author, #id".
func appendWho(text []byte, r wire.RequestInfo) []byte {
	if r.Author != "" {
		text = fmt.Appendf(text, "@%s, ", printable(r.Author))
	}
	return fmt.Appendf(text, "#%s", printable(r.ID.String()))
}

// printable returns text as it is, or quoted when it holds anything that could
// forge a line or reach the terminal.
func printable(text string) string {
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return strconv.Quote(text)
	}
	return text
}

// clock writes d as H:MM:SS.ffffff; the hours have as many digits as they need.
func clock(d time.Duration) string {
	seconds := d / time.Second
	return fmt.Sprintf("%d:%02d:%02d.%06d",
		seconds/3600, seconds/60%60, seconds%60, d%time.Second/time.Microsecond)
}
