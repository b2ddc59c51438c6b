package top

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/wsclient"
)

// An eviction is what an operator is asked to confirm. Whoever gets the lock
// meanwhile is not among the victims: they are named by their ids.
type eviction struct {
	lock    string
	victims []wire.RequestInfo
	holding bool // they hold the lock, and do not wait for it
	more    int  // holders that are not among them
}

// A found is the answer to who holds a lock.
type found struct {
	eviction eviction
	err      error
}

// An evicted is how an eviction has ended.
type evicted struct {
	words string
	err   error
}

// errAway is why nothing is evicted now. Else the client would keep the order for
// when the connection is back, and much may have changed by then.
var errAway = errors.New("no connection: nothing can be evicted")

// evict begins to evict who is selected: in the pane one request, in the list all
// who hold the lock, once it is known who they are.
func (m *model) evict() tea.Cmd {
	l := m.at()
	switch {
	case m.away():
		m.tell("", errAway)
		return nil
	case l == nil:
		return nil
	case m.focus == onPane:
		m.evictOne()
		return nil
	}
	m.pin()
	ctx, source, name := m.ctx, m.source, l.name
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askWait)
		defer cancel()
		lock, err := closely(ctx, source, name)
		return found{eviction{lock: name, victims: lock.Holders, holding: true, more: lock.Holding - len(lock.Holders)}, err}
	}
}

func (m *model) evictOne() {
	requests := m.pane.requests()
	if i := m.pane.index; i < len(requests) {
		r := requests[i]
		m.eviction = &eviction{lock: m.pane.detail.name, victims: []wire.RequestInfo{r}, holding: r.Token != 0}
	}
}

// ask asks whether to evict those who were found.
func (m *model) ask(f found) {
	switch {
	case f.err != nil:
		m.tell("", f.err)
	case len(f.eviction.victims) == 0:
		m.tell("nobody holds "+printable.Text(f.eviction.lock), nil)
	case m.eviction == nil:
		m.eviction = &f.eviction
	}
}

// answer takes in a key while it is asked. Only a y is a yes.
func (m *model) answer(key string) tea.Cmd {
	switch key {
	case "y", "Y":
		e := m.eviction
		m.eviction = nil
		if m.away() {
			m.tell("", errAway)
			return nil
		}
		m.tell("evicting ...", nil)
		ctx, source, message := m.ctx, m.source, m.options.Message
		return func() tea.Msg { return e.do(ctx, source, message) }
	case "n", "N", "esc", "enter", "q":
		m.eviction = nil
		m.tell("nothing was done", nil)
	}
	return nil
}

// do ends the requests of all victims. One who has let go meanwhile is no
// failure.
func (e *eviction) do(ctx context.Context, source Source, message string) evicted {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	var done []string
	var failed error
	for _, v := range e.victims {
		switch err := source.Evict(ctx, v.ID, message); {
		case err == nil:
			done = append(done, string(listing.AppendWho(nil, v)))
		case errors.Is(err, wsclient.ErrNotFound):
		case failed == nil:
			failed = err
		}
	}
	if failed != nil && len(done) > 0 {
		failed = fmt.Errorf("evicted %d of %d, then: %w", len(done), len(e.victims), failed)
	}
	if len(done) == 0 {
		return evicted{"nobody was evicted: the request has ended by itself", failed}
	}
	return evicted{"evicted " + strings.Join(done, "; "), failed}
}

// words are what is asked, in at most so many lines.
func (e *eviction) words(most int) []string {
	what := "waiting for"
	if e.holding {
		what = "holding"
	}
	text := []string{fmt.Sprintf("Evict %s %s %s?", several(len(e.victims), "request", "requests"), what, printable.Text(e.lock))}
	shown := e.victims[:min(len(e.victims), max(most-2, 1))]
	for _, v := range shown {
		text = append(text, requestLine(v, v.Duration()))
	}
	if more := len(e.victims) - len(shown); more > 0 {
		text = append(text, fmt.Sprintf("  ... and %d more", more))
	}
	if e.more > 0 {
		text[0] += fmt.Sprintf(" (%s will be left)", several(e.more, "more holder", "more holders"))
	}
	return text
}
