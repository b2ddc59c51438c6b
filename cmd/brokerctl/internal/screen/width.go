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

// CutMiddle is like Cut, but cuts text in the middle. Names that differ only at the end stay different, and so do those
// that differ only at the beginning.
func CutMiddle(text string, width int) string {
	if Width(text) <= width || width < 3 {
		return Cut(text, width)
	}
	var clusters []string
	for rest := text; rest != ""; {
		cluster, _ := firstCluster(rest)
		clusters = append(clusters, cluster)
		rest = rest[len(cluster):]
	}
	left, right := "", ""
	first, last := 0, len(clusters)-1
	for room := width - 1; first <= last; { // The ellipsis takes one cell.
		next := clusters[first]
		if Width(left) > Width(right) {
			next = clusters[last]
		}
		if room -= Width(next); room < 0 {
			break
		}
		if Width(left) > Width(right) {
			right = next + right
			last--
		} else {
			left += next
			first++
		}
	}
	return left + "…" + right
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
