package main

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// The size of a cell in the SVG, in pixels, and the frame around the screen.
const (
	cellWidth  = 8.4
	cellHeight = 18
	margin     = 16
	titleBar   = 34
)

// svgStyle sets the colors for dark and light pages. The picture has its own background, so it is readable on both.
const svgStyle = `
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
.back { fill: #0d1117; stroke: #3d444d }
text, .fill { fill: #e6edf3 }
.on { fill: #0d1117 }
.dim { fill: #8b949e }
.red { fill: #ff7b72 }
.yellow { fill: #e3b341 }
.cyan { fill: #39c5cf }
.bold { font-weight: bold }
.underline { text-decoration: underline }
@media (prefers-color-scheme: light) {
.back { fill: #ffffff; stroke: #d1d9e0 }
text, .fill { fill: #1f2328 }
.on { fill: #ffffff }
.dim { fill: #59636e }
.red { fill: #b42318 }
.yellow { fill: #8a5700 }
.cyan { fill: #0b6e75 }
}
`

// svgOf draws a screen as an SVG in which text remains text.
func svgOf(screen *vt.Emulator, title string) string {
	width := 2*margin + cellWidth*float64(screen.Width())
	height := titleBar + margin + cellHeight*screen.Height()
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" role="img" aria-label=%s>`,
		width, height, quoteXML(title))
	fmt.Fprintf(&svg, "\n<style>%s</style>\n", svgStyle)
	fmt.Fprintf(&svg, `<rect class="back" x="0.5" y="0.5" width="%.0f" height="%d" rx="8"/>`, width-1, height-1)
	for i, class := range []string{"red", "yellow", "dim"} {
		fmt.Fprintf(&svg, "\n"+`<circle class="%s" cx="%d" cy="17" r="5"/>`, class, margin+5+i*18)
	}
	svg.WriteString("\n")
	for y := range screen.Height() {
		for x := 0; x < screen.Width(); {
			r := runAt(screen, x, y)
			r.draw(&svg, x, y)
			x += r.cells
		}
	}
	svg.WriteString("</svg>\n")
	return svg.String()
}

// A textRun is a part of a line in one style.
type textRun struct {
	text  string
	cells int
	style uv.Style
}

// runAt returns the run of equal style that begins at a cell.
func runAt(screen *vt.Emulator, x, y int) textRun {
	r := textRun{style: screen.CellAt(x, y).Style}
	for ; x < screen.Width(); x++ {
		cell := screen.CellAt(x, y)
		if !cell.Style.Equal(&r.style) {
			break
		}
		r.text += max(cell.Content, " ")
		r.cells++
	}
	return r
}

// draw writes the run. It gives the browser the width of the text, so that columns are aligned in every font.
func (r textRun) draw(svg *strings.Builder, x, y int) {
	classes := r.classes()
	left, top := margin+cellWidth*float64(x), titleBar+cellHeight*y
	if r.style.Attrs&uv.AttrReverse != 0 {
		fmt.Fprintf(svg, `<rect class="fill" x="%.1f" y="%d" width="%.1f" height="%d"/>`+"\n",
			left, top, cellWidth*float64(r.cells), cellHeight)
		classes = append(classes, "on")
	}
	text := strings.TrimRight(r.text, " ")
	if r.style.Underline != ansi.UnderlineNone {
		text = r.text // A heading is underlined to the end of the line.
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	indent := len(text) - len(strings.TrimLeft(text, " "))
	if r.style.Underline == ansi.UnderlineNone {
		text, left = text[indent:], left+cellWidth*float64(indent)
	}
	class := ""
	if len(classes) > 0 {
		class = fmt.Sprintf(` class="%s"`, strings.Join(classes, " "))
	}
	fmt.Fprintf(svg, `<text%s x="%.1f" y="%d" textLength="%.1f" xml:space="preserve">%s</text>`+"\n",
		class, left, top+13, cellWidth*float64(len([]rune(text))), escapeXML(text))
}

func (r textRun) classes() (classes []string) {
	if r.style.Attrs&uv.AttrBold != 0 {
		classes = append(classes, "bold")
	}
	if r.style.Underline != ansi.UnderlineNone {
		classes = append(classes, "underline")
	}
	names := map[color.Color]string{
		ansi.Red: "red", ansi.Yellow: "yellow", ansi.Cyan: "cyan", ansi.BrightBlack: "dim",
	}
	if name := names[r.style.Fg]; name != "" {
		classes = append(classes, name)
	}
	return classes
}

func escapeXML(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

func quoteXML(text string) string { return `"` + escapeXML(text) + `"` }
