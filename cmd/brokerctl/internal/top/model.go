package top

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// relistEvery is the time between two sorts during a sweep. With 100,000 locks, sorting takes up to 100 ms.
const relistEvery = 2 * time.Second

// A model is the state of the terminal view. It changes only in Update, one message at a time.
type model struct {
	ctx     context.Context
	source  Source
	options Options
	events  <-chan any       // from the scanner
	links   <-chan LinkState // from the client

	table    *table
	now      time.Time // of the latest message with data
	listedAt time.Time
	sweepTook
	want  selection
	lines lines

	cursor
	selected     string // name of the lock at the cursor; "": always the first lock
	focus        focus
	pane         pane
	clients      clientView
	eviction     *eviction // waits for confirmation; or nil
	filterBefore *string   // the filter before the user began to type; nil while not typing
	helping      bool

	link   LinkState
	failed error // of the latest sweep
	status string
	alarm  bool // the status is an error
	fatal  error

	width, height int
}

// A focus says which part gets the keys.
type focus int

const (
	onList focus = iota
	onPane
)

// A tick message comes once per interval.
type tick struct{}

func newModel(ctx context.Context, source Source, options Options, events <-chan any, links <-chan LinkState) *model {
	return &model{
		ctx: ctx, source: source, options: options, events: events, links: links,
		table: newTable(), link: LinkState{State: wsclient.Connected},
		want:  selection{empty: options.Empty, order: options.order()},
		lines: lines{sums: sums{rate: unknown}}, clients: newClientView(options.Clients),
		width: 80, height: 24,
	}
}

// Init starts to receive messages.
func (m *model) Init() tea.Cmd {
	return tea.Batch(receive(m.ctx, m.events), receive(m.ctx, m.links), m.tick())
}

// receive returns a command that waits for a message from c, or for the end of ctx.
func receive[T any](ctx context.Context, c <-chan T) tea.Cmd {
	return func() tea.Msg {
		select {
		case msg := <-c:
			return msg
		case <-ctx.Done():
			return ended{}
		}
	}
}

// tick is like tea.Tick, but ends with ctx.
func (m *model) tick() tea.Cmd {
	return func() tea.Msg {
		if !cli.Pause(m.ctx, m.options.Interval) {
			return nil
		}
		return tick{}
	}
}

// Update handles a message.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		cmd = m.press(msg)
	case tea.PasteMsg:
		m.paste(msg.Content)
	case page:
		m.read(msg)
		cmd = receive(m.ctx, m.events)
	case swept:
		m.end(msg)
		cmd = receive(m.ctx, m.events)
	case LinkState:
		m.link = msg
		cmd = receive(m.ctx, m.links)
	case tick:
		m.pane.stale, m.clients.stale, m.clients.pane.stale = true, true, true
		cmd = m.tick()
	case clientsRead:
		m.showClients(msg)
	case clientDetail:
		m.showClient(msg)
	case detail:
		m.showDetail(msg)
	case holdersFound:
		m.askToConfirm(msg)
	case evictionDone:
		m.setStatus(msg.words, msg.err)
		m.pane.stale, m.clients.pane.stale = true, true
	case ended:
		m.fatal = msg.err
		return m, tea.Quit
	}
	m.fit()
	return m, tea.Batch(cmd, m.refreshPane(), m.refreshClients())
}

func (m *model) read(p page) {
	m.sweepTook.page(p.at)
	m.table.read(p)
	m.now = p.at
	if m.now.Sub(m.listedAt) >= relistEvery {
		m.relist()
	}
}

func (m *model) end(s swept) {
	m.failed = s.err
	if errors.Is(s.err, wsclient.ErrConnection) { // The link state says more.
		m.failed = nil
	}
	m.table.end(s)
	m.sweepTook.swept(s)
	if s.err == nil {
		m.now = s.at
		m.relist()
	}
}

// relist sorts the lines. The selected lock stays selected.
func (m *model) relist() {
	m.listedAt = m.now
	m.lines.list(m.table, m.want)
	if i := slices.IndexFunc(m.lines.locks, func(l *lock) bool { return l.name == m.selected }); i >= 0 {
		m.carry(i)
	}
	// A lock that has disappeared may come back, so its name stays selected until the cursor moves.
}

// lockAtCursor returns the lock at the cursor, or nil.
func (m *model) lockAtCursor() *lock {
	if m.index >= len(m.lines.locks) {
		return nil
	}
	return m.lines.locks[m.index]
}

// pin keeps the lock at the cursor selected, even if it is the first one and another lock takes its place.
func (m *model) pin() {
	if m.clients.shown {
		m.clients.pin()
		return
	}
	m.selected = ""
	if l := m.lockAtCursor(); l != nil {
		m.selected = l.name
	}
}

// fit keeps the selected lines on the screen.
func (m *model) fit() {
	m.cursor.fit(len(m.lines.locks), m.rows())
	m.clients.cursor.fit(len(m.clients.lines), m.rows())
	if m.clients.shown {
		m.clients.pane.fit(len(m.clients.pane.detail.client.Requests), m.paneRows())
	} else {
		m.pane.fit(len(m.pane.requests()), m.paneRows())
	}
}

// setStatus shows words, or err if it is not nil.
func (m *model) setStatus(words string, err error) {
	m.status, m.alarm = words, err != nil
	if err != nil {
		m.status = err.Error()
	}
}

// A sweepTook measures how long a sweep takes. That is also how old the data on the screen may be.
type sweepTook struct {
	begun time.Time
	took  time.Duration
}

func (s *sweepTook) page(at time.Time) {
	if s.begun.IsZero() {
		s.begun = at
	}
}

func (s *sweepTook) swept(e swept) {
	if e.err == nil && !s.begun.IsZero() {
		s.took = e.at.Sub(s.begun)
	}
	s.begun = time.Time{}
}
