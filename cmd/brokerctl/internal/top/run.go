package top

import (
	"context"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// framesPerSecond is the maximum rate at which the screen is drawn.
const framesPerSecond = 20

// Run shows the view on a terminal until the user quits, ctx ends, or the source ends for good. It returns an
// error only in the last case.
func Run(ctx context.Context, source Source, link *LinkFeed, options Options, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // Ends the commands that wait.
	events, stop := scan(ctx, source, options)
	defer stop()

	m := newModel(ctx, source, options, events, link.latest)
	// The palette uses the sixteen basic colors. To detect more colors, the library would run other programs.
	program := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(),
		tea.WithFPS(framesPerSecond), tea.WithColorProfile(colorprofile.ANSI))
	defer screen.HeedStops(program)()
	if _, err := program.Run(); err != nil {
		return fmt.Errorf("show the terminal: %w", err)
	}
	return m.fatal
}
