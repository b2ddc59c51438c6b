package screen

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Fit is text cut or filled up to a width in cells of a terminal.
func Fit(text string, width int) string {
	text = Cut(text, width)
	return text + strings.Repeat(" ", max(width-Width(text), 0))
}

// Cut is text without escape sequences, cut to a width.
func Cut(text string, width int) string {
	if Width(text) <= width {
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

// Width is how many cells text takes at most.
func Width(text string) (cells int) {
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
