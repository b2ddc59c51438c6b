package screen

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal is file, an *os.File, if that is a terminal, else nil.
func Terminal(file any) *os.File {
	if f, ok := file.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// Renew writes a line in place of the one before, cut to the width of the terminal.
func Renew(terminal *os.File, line string) error {
	if width, _, err := term.GetSize(int(terminal.Fd())); err == nil && width > 0 {
		line = Cut(line, width-1)
	}
	_, err := io.WriteString(terminal, "\r"+line+"\x1b[K")
	return err
}
