package top

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// fit is text cut or filled up to a width in cells of a terminal.
func fit(text string, width int) string {
	text = cut(text, width)
	return text + strings.Repeat(" ", max(width-wide(text), 0))
}

// cut is text without escape sequences, cut to a width.
func cut(text string, width int) string {
	if wide(text) <= width {
		return text
	}
	kept, room := 0, width-1 // the sign that something is missing is 1 wide
	for kept < len(text) {
		cluster, cells := firstCluster(text[kept:])
		if room -= cells; room < 0 {
			break
		}
		kept += len(cluster)
	}
	if width <= 0 {
		return ""
	}
	return text[:kept] + "…"
}

// wide is how many cells text takes at most.
func wide(text string) (cells int) {
	for rest := text; rest != ""; {
		cluster, n := firstCluster(rest)
		cells += n
		rest = rest[len(cluster):]
	}
	return cells
}

// firstCluster is what is drawn as one, and how many cells it takes at most.
// Terminals do not agree: to some the parts of a cluster count.
func firstCluster(text string) (cluster string, cells int) {
	if text[0] < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) {
		return text[:1], 1
	}
	cluster, cells = ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
	return cluster, max(cells, ansi.StringWidthWc(cluster))
}

// span is how long something has lasted, in at most 6 characters.
func span(d time.Duration) string {
	seconds := int64(max(d, 0) / time.Second)
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	case seconds < 100*3600:
		return fmt.Sprintf("%dh%02dm", seconds/3600, seconds/60%60)
	}
	return fmt.Sprintf("%dd%02dh", seconds/86400, seconds/3600%24)
}

// perSecond is a rate for people.
func perSecond(rate float64) string {
	switch {
	case rate < 0:
		return "-"
	case rate == 0:
		return "0"
	case rate < 99_999:
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// count is a number with commas between the thousands.
func count(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short is a number in at most 5 characters, up to 10 million.
func short(n int) string {
	if n < 100_000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%dk", n/1000)
}

// several is a number of things.
func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + more
}
