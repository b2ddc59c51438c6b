package screen

import "github.com/charmbracelet/x/ansi"

// A Palette is a set of styles. The zero Palette is plain text.
type Palette struct {
	Title    ansi.Style
	Head     ansi.Style // column heads, and the head of the pane
	Selected ansi.Style
	Dim      ansi.Style
	Notice   ansi.Style // deserves attention: a request waits
	Alarm    ansi.Style // something is wrong, or is about to be done
}

// Monochrome returns a palette without colors.
func Monochrome() Palette {
	return Palette{
		Title:    ansi.NewStyle(ansi.AttrBold),
		Head:     ansi.NewStyle(ansi.AttrBold, ansi.AttrUnderline),
		Selected: ansi.NewStyle(ansi.AttrReverse),
		Notice:   ansi.NewStyle(ansi.AttrBold),
		Alarm:    ansi.NewStyle(ansi.AttrBold),
	}
}

// Colors returns a palette of the sixteen colors that every terminal has. Users choose readable values for these
// colors.
func Colors() Palette {
	p := Monochrome()
	p.Title = ansi.NewStyle(ansi.AttrBold, ansi.AttrCyanForegroundColor)
	p.Dim = ansi.NewStyle(ansi.AttrBrightBlackForegroundColor)
	p.Notice = ansi.NewStyle(ansi.AttrYellowForegroundColor)
	p.Alarm = ansi.NewStyle(ansi.AttrBold, ansi.AttrRedForegroundColor)
	return p
}
