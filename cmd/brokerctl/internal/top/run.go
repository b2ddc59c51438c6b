package top

import (
	"context"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// framesPerSecond is how often the screen is drawn at most.
const framesPerSecond = 20

// Run shows the view on a terminal until somebody quits it, ctx ends (which is how a
// signal is told: nil), or the source has ended for good, which is the error.
func Run(ctx context.Context, source Source, news *Wire, options Options, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // commands that wait for something
	events, stop := scan(ctx, source, options)
	defer stop()

	m := newModel(ctx, source, options, events, news.latest)
	// The palette has decided about colours; what the terminal can do beyond its
	// sixteen is of no use here, and to find out would run other programs.
	program := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(),
		tea.WithFPS(framesPerSecond), tea.WithColorProfile(colorprofile.ANSI))
	defer screen.HeedStops(program)()
	if _, err := program.Run(); err != nil {
		return fmt.Errorf("show the terminal: %w", err)
	}
	return m.fatal
}
