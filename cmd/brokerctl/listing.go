package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// printLock writes a lock for people: its name, its holders, its waiters, and an
// empty line.
func printLock(out *bufio.Writer, lock wire.LockInfo) error {
	fmt.Fprintf(out, "%s:\n", printable(lock.Name))
	printRequests(out, "* ", lock.Holders, lock.Holding)
	printRequests(out, "  ", lock.Waiters, lock.Waiting)
	_, err := out.WriteString("\n") // the error of any write before, too
	return err
}

// printRequests writes a line for each, and one for those of all that are not
// among them.
func printRequests(out *bufio.Writer, mark string, requests []wire.RequestInfo, all int) {
	for _, r := range requests {
		out.WriteString(mark)
		if r.Author != "" {
			fmt.Fprintf(out, "@%s, ", printable(r.Author))
		}
		fmt.Fprintf(out, "#%s, duration: %s", printable(r.ID.String()), clock(r.Duration()))
		if r.Gone {
			out.WriteString(" (gone)")
		}
		out.WriteByte('\n')
	}
	if more := all - len(requests); more > 0 {
		fmt.Fprintf(out, "%s... and %d more\n", mark, more)
	}
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
