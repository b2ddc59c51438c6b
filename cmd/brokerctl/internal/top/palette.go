package top

import "github.com/charmbracelet/x/ansi"

// A Palette says how text stands out. It holds all that this package knows of
// colours. The zero Palette is plain text.
type Palette struct {
	title    ansi.Style
	head     ansi.Style // of columns and of the pane
	selected ansi.Style
	dim      ansi.Style
	notice   ansi.Style // worth a look: somebody waits
	alarm    ansi.Style // something is wrong, or about to be done
}

// Monochrome makes do without colours.
func Monochrome() Palette {
	return Palette{
		title:    ansi.NewStyle(ansi.AttrBold),
		head:     ansi.NewStyle(ansi.AttrBold, ansi.AttrUnderline),
		selected: ansi.NewStyle(ansi.AttrReverse),
		notice:   ansi.NewStyle(ansi.AttrBold),
		alarm:    ansi.NewStyle(ansi.AttrBold),
	}
}

// Colours uses the sixteen that every terminal has, and people have chosen to
// be able to read.
func Colours() Palette {
	p := Monochrome()
	p.title = ansi.NewStyle(ansi.AttrBold, ansi.AttrCyanForegroundColor)
	p.dim = ansi.NewStyle(ansi.AttrBrightBlackForegroundColor)
	p.notice = ansi.NewStyle(ansi.AttrYellowForegroundColor)
	p.alarm = ansi.NewStyle(ansi.AttrBold, ansi.AttrRedForegroundColor)
	return p
}
