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
	Frame   func(context.Context) Frame // returns the next frame
	Pause   time.Duration               // between two frames
	Palette screen.Palette
}

// A Frame is the text at one time.
type Frame struct {
	Title string
	Lines []listing.Line
	Err   error // why there is no text; the previous text stays
}

// Run shows frames until the user quits or ctx ends.
func Run(ctx context.Context, show Show, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // Ends a call of Frame that is still running.
	m := &model{ctx: ctx, show: show, width: 80, height: 24}
	program := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(),
		tea.WithColorProfile(colorprofile.ANSI)) // The palette has decided about colors.
	stop := context.AfterFunc(ctx, program.Quit)
	defer stop()
	defer screen.HeedStops(program)()
	if _, err := program.Run(); err != nil {
		return fmt.Errorf("show the terminal: %w", err)
	}
	return nil
}

// A model is the state of the view.
type model struct {
	ctx  context.Context
	show Show

	shown         Frame // the latest one without an error
	failed        error // of the latest frame
	top           int   // index of the first line on the screen
	width, height int
}

// A due message says that it is time for the next frame.
type due struct{}

// Init requests the first frame.
func (m *model) Init() tea.Cmd { return m.make }

func (m *model) make() tea.Msg { return m.show.Frame(m.ctx) }

// Update handles a frame, a key or a new size.
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

// wait returns when the next frame is due, or ctx has ended.
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

// rows returns how many lines fit between the title and the footer.
func (m *model) rows() int { return max(0, m.height-2) }

// View returns the screen.
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

// footer returns an error, or which lines are shown.
func (m *model) footer(shown int) listing.Line {
	p := m.show.Palette
	switch all := len(m.shown.Lines); {
	case m.failed != nil:
		return listing.Line{Text: printable.Text(m.failed.Error()), Style: p.Alarm}
	case m.shown.Title == "":
		return listing.Line{Text: "waiting for the broker ...", Style: p.Dim}
	case shown < all:
		return listing.Line{
			Text: fmt.Sprintf("lines %d to %d of %d; arrows, PgUp, PgDn, Home, End scroll, q quits",
				m.top+1, m.top+shown, all),
			Style: p.Dim,
		}
	}
	return listing.Line{Text: "q quits", Style: p.Dim}
}
