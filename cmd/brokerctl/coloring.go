package main

import (
	"io"
	"os"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// coloring says whether what is printed stands out; commands embed it.
type coloring struct {
	Color string `enum:"auto,always,never" default:"auto" help:"Colours: auto (on a terminal, unless NO_COLOR is set), always or never."`
}

// isOn decides it for what goes to out. NO_COLOR counts whatever it says, unless it
// is empty: https://no-color.org.
func (c coloring) isOn(out io.Writer) bool {
	switch c.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return screen.Terminal(out) != nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// palette is that of text that needs none.
func (c coloring) palette(out io.Writer) screen.Palette {
	if c.isOn(out) {
		return screen.Colours()
	}
	return screen.Palette{}
}
