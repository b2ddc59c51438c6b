package main

import (
	"io"
	"os"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// colorFlag is the flag --color. Commands embed it.
type colorFlag struct {
	Color string `enum:"auto,always,never" default:"auto" help:"When to use colors: auto (on a terminal, unless NO_COLOR is set), always or never."`
}

// isOn reports whether output to out uses colors. NO_COLOR turns them off with any value but "": https://no-color.org.
func (f colorFlag) isOn(out io.Writer) bool {
	switch f.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return screen.Terminal(out) != nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// palette returns the palette for output to out, plain if colors are off.
func (f colorFlag) palette(out io.Writer) screen.Palette {
	if f.isOn(out) {
		return screen.Colors()
	}
	return screen.Palette{}
}
