package live

import (
	"context"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// A Show is a sequence of frames.
type Show struct {
	Frame   func(context.Context) Frame // makes the next one
	Pause   time.Duration               // between two
	Palette screen.Palette
}

// A Frame is what there is to show at one time.
type Frame struct {
	Title string
	Lines []listing.Line
	Err   error // why there is nothing: what was shown before stays
}

// Run shows frames until somebody quits or ctx ends.
func Run(ctx context.Context, show Show, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a frame that is being made
	m := &model{ctx: ctx, show: show, width: 80, height: 24}
	program := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(),
		tea.WithColorProfile(colorprofile.ANSI)) // whoever makes frames has decided about colours
	stop := context.AfterFunc(ctx, program.Quit)
	defer stop()
	defer screen.HeedStops(program)()
	if _, err := program.Run(); err != nil {
		return fmt.Errorf("show the terminal: %w", err)
	}
	return nil
}

// A model is what the terminal shows.
type model struct {
	ctx  context.Context
	show Show

	shown         Frame // the latest without an error
	failed        error // of the latest
	top           int   // the line at the top
	width, height int
}

// due says that it is time for the next frame.
type due struct{}

// Init makes the first frame.
func (m *model) Init() tea.Cmd { return m.make }

func (m *model) make() tea.Msg { return m.show.Frame(m.ctx) }

// Update takes in a frame, a key or a size.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var next tea.Cmd
	switch msg := msg.(type) {
	case Frame:
		if m.failed = msg.Err; msg.Err == nil {
			m.shown = msg
		}
		next = m.wait
	case due:
		next = m.make
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		next = m.press(msg.String())
	}
	m.top = max(0, min(m.top, len(m.shown.Lines)-m.rows()))
	return m, next
}

// wait is until the next frame is due; it ends with ctx.
func (m *model) wait() tea.Msg {
	timer := time.NewTimer(m.show.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return due{}
	case <-m.ctx.Done():
		return nil
	}
}

func (m *model) press(key string) tea.Cmd {
	switch key {
	case "q", "ctrl+c", "esc":
		return tea.Quit
	case "ctrl+z":
		return screen.Stop
	case "down", "j":
		m.top++
	case "up", "k":
		m.top--
	case "pgdown", "space":
		m.top += m.rows()
	case "pgup":
		m.top -= m.rows()
	case "home", "g":
		m.top = 0
	case "end", "G":
		m.top = len(m.shown.Lines)
	}
	return nil
}

// rows is how many lines fit between the title and what is below.
func (m *model) rows() int { return max(0, m.height-2) }

// View is the screen.
func (m *model) View() tea.View {
	view := tea.NewView(m.text())
	view.AltScreen = true
	return view
}

func (m *model) text() string {
	p := m.show.Palette
	lines := []listing.Line{{Text: m.shown.Title, Style: p.Head}}
	shown := m.shown.Lines[m.top:min(m.top+m.rows(), len(m.shown.Lines))]
	lines = append(lines, shown...)
	for range m.rows() - len(shown) {
		lines = append(lines, listing.Line{})
	}
	lines = append(lines, m.footer(len(shown)))
	var text []byte
	for i, line := range lines[:min(len(lines), m.height)] {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(text, line.Style.Styled(screen.Cut(line.Text, m.width))...)
	}
	return string(text)
}

// footer says what is wrong, or what is not to be seen.
func (m *model) footer(shown int) listing.Line {
	p := m.show.Palette
	switch all := len(m.shown.Lines); {
	case m.failed != nil:
		return listing.Line{Text: printable.Text(m.failed.Error()), Style: p.Alarm}
	case m.shown.Title == "":
		return listing.Line{Text: "asking the broker ...", Style: p.Dim}
	case shown < all:
		return listing.Line{Text: fmt.Sprintf("lines %d to %d of %d; arrows, PgUp, PgDn, Home, End move, q quits", m.top+1, m.top+shown, all), Style: p.Dim}
	}
	return listing.Line{Text: "q quits", Style: p.Dim}
}
