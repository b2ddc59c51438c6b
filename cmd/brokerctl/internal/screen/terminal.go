package screen

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal returns file if it is an *os.File of a terminal, and nil otherwise.
func Terminal(file any) *os.File {
	if f, ok := file.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// WidthOf returns the width of file if it is a terminal whose width is known, and otherwise the default.
func WidthOf(file any, otherwise int) int {
	if terminal := Terminal(file); terminal != nil {
		if width, _, err := term.GetSize(int(terminal.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return otherwise
}

// Renew overwrites the current line of the terminal with line, cut to the width of the terminal.
func Renew(terminal *os.File, line string) error {
	if width, _, err := term.GetSize(int(terminal.Fd())); err == nil && width > 0 {
		line = Cut(line, width-1)
	}
	_, err := io.WriteString(terminal, "\r"+line+"\x1b[K")
	return err
}
