package screen

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Fit cuts or pads text to a width in terminal cells.
func Fit(text string, width int) string {
	text = Cut(text, width)
	return text + strings.Repeat(" ", max(width-Width(text), 0))
}

// Cut cuts text, which must not contain escape sequences, to a width in terminal cells.
func Cut(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	kept, room := 0, width-1 // The ellipsis takes one cell.
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

// Width returns the maximum number of cells that a terminal uses for text.
func Width(text string) (cells int) {
	for rest := text; rest != ""; {
		cluster, n := firstCluster(rest)
		cells += n
		rest = rest[len(cluster):]
	}
	return cells
}

// firstCluster returns the first grapheme cluster, and the maximum number of cells that a terminal uses for it.
// Terminals disagree: some count the parts of a cluster.
func firstCluster(text string) (cluster string, cells int) {
	if text[0] < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) {
		return text[:1], 1
	}
	cluster, cells = ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
	return cluster, max(cells, ansi.StringWidthWc(cluster))
}
