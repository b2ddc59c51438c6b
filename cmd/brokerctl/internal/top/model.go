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

// relistEvery is how often the lines are put in order while a sweep goes on. With
// 100,000 locks that takes up to a tenth of a second.
const relistEvery = 2 * time.Second

// A model is what the terminal shows. It is changed by messages only, one after
// another.
type model struct {
	ctx     context.Context
	source  Source
	options Options
	events  <-chan any  // from the scanner
	news    <-chan News // of the connection

	table    *table
	now      time.Time // of the latest message that has brought something
	listedAt time.Time
	sweepTook
	want  selection
	lines lines

	cursor
	selected string // the name of the lock at the cursor; "": the first, whichever that is
	focus    focus
	pane     pane
	eviction *eviction // what is to be confirmed
	typing   *string   // the filter before it is changed, while it is
	helping  bool

	link   News
	failed error // of the last sweep
	status string
	alarm  bool // the status is bad news
	fatal  error

	width, height int
}

// A focus says where keys go.
type focus int

const (
	onList focus = iota
	onPane
)

// A tick comes once in an interval.
type tick struct{}

func newModel(ctx context.Context, source Source, options Options, events <-chan any, news <-chan News) *model {
	return &model{
		ctx: ctx, source: source, options: options, events: events, news: news,
		table: newTable(), link: News{State: wsclient.Connected},
		want:  selection{empty: options.Empty, order: options.order()},
		lines: lines{sums: sums{rate: unknown}},
		width: 80, height: 24,
	}
}

// Init begins to listen.
func (m *model) Init() tea.Cmd {
	return tea.Batch(listen(m.ctx, m.events), listen(m.ctx, m.news), m.tick())
}

// listen waits for what comes from c, or for the end of ctx.
func listen[T any](ctx context.Context, c <-chan T) tea.Cmd {
	return func() tea.Msg {
		select {
		case msg := <-c:
			return msg
		case <-ctx.Done():
			return ended{}
		}
	}
}

// tick is tea.Tick, which would outlive ctx.
func (m *model) tick() tea.Cmd {
	return func() tea.Msg {
		if !cli.Pause(m.ctx, m.options.Interval) {
			return nil
		}
		return tick{}
	}
}

// Update takes in a message.
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
		cmd = listen(m.ctx, m.events)
	case swept:
		m.end(msg)
		cmd = listen(m.ctx, m.events)
	case News:
		m.link = msg
		cmd = listen(m.ctx, m.news)
	case tick:
		m.pane.stale = true
		cmd = m.tick()
	case detail:
		m.learn(msg)
	case found:
		m.ask(msg)
	case evicted:
		m.tell(msg.words, msg.err)
		m.pane.stale = true
	case ended:
		m.fatal = msg.err
		return m, tea.Quit
	}
	m.fit()
	return m, tea.Batch(cmd, m.look())
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
	if errors.Is(s.err, wsclient.ErrConnection) { // the news tell more of it
		m.failed = nil
	}
	m.table.end(s)
	m.sweepTook.swept(s)
	if s.err == nil {
		m.now = s.at
		m.relist()
	}
}

// relist puts the lines in order. The selected lock stays selected.
func (m *model) relist() {
	m.listedAt = m.now
	m.lines.list(m.table, m.want)
	if i := slices.IndexFunc(m.lines.locks, func(l *lock) bool { return l.name == m.selected }); i >= 0 {
		m.carry(i)
	}
	// One that is gone may come back: its name is kept until the cursor moves.
}

// at is the lock at the cursor, nil when there is none.
func (m *model) at() *lock {
	if m.index >= len(m.lines.locks) {
		return nil
	}
	return m.lines.locks[m.index]
}

// pin keeps the lock at the cursor selected, also when it is the first and another
// one gets there.
func (m *model) pin() {
	m.selected = ""
	if l := m.at(); l != nil {
		m.selected = l.name
	}
}

// fit keeps what is selected on the screen.
func (m *model) fit() {
	m.cursor.fit(len(m.lines.locks), m.rows())
	m.pane.cursor.fit(len(m.pane.requests()), m.paneRows())
}

// tell shows a status.
func (m *model) tell(words string, err error) {
	m.status, m.alarm = words, err != nil
	if err != nil {
		m.status = err.Error()
	}
}

// A sweepTook measures how long it takes to read all locks: what is shown may be
// as old as that.
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
