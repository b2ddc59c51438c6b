package screen

import "github.com/charmbracelet/x/ansi"

// A Palette says how text stands out. The zero Palette is plain text.
type Palette struct {
	Title    ansi.Style
	Head     ansi.Style // of columns and of the pane
	Selected ansi.Style
	Dim      ansi.Style
	Notice   ansi.Style // worth a look: somebody waits
	Alarm    ansi.Style // something is wrong, or about to be done
}

// Monochrome makes do without colours.
func Monochrome() Palette {
	return Palette{
		Title:    ansi.NewStyle(ansi.AttrBold),
		Head:     ansi.NewStyle(ansi.AttrBold, ansi.AttrUnderline),
		Selected: ansi.NewStyle(ansi.AttrReverse),
		Notice:   ansi.NewStyle(ansi.AttrBold),
		Alarm:    ansi.NewStyle(ansi.AttrBold),
	}
}

// Colours uses the sixteen that every terminal has, and people have chosen to
// be able to read.
func Colours() Palette {
	p := Monochrome()
	p.Title = ansi.NewStyle(ansi.AttrBold, ansi.AttrCyanForegroundColor)
	p.Dim = ansi.NewStyle(ansi.AttrBrightBlackForegroundColor)
	p.Notice = ansi.NewStyle(ansi.AttrYellowForegroundColor)
	p.Alarm = ansi.NewStyle(ansi.AttrBold, ansi.AttrRedForegroundColor)
	return p
}
