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

// An eviction is an action that the user must confirm. It names requests by their ids, so it does not affect a
// request that is granted the lock in the meantime.
type eviction struct {
	lock    string
	victims []wire.RequestInfo
	holding bool // the victims hold the lock; otherwise they wait for it
	more    int  // holders that are not victims
}

// A holdersFound message lists the holders of a lock that the user wants to evict.
type holdersFound struct {
	eviction eviction
	err      error
}

// An evictionDone message is the result of an eviction.
type evictionDone struct {
	words string
	err   error
}

// errDisconnected refuses evictions without a connection. The client would send them after it reconnects, when much
// may have changed.
var errDisconnected = errors.New("no connection: cannot evict now")

// evict starts an eviction: of the selected request in the pane, or of all holders of the selected lock in the
// list, which it reads first.
func (m *model) evict() tea.Cmd {
	l := m.lockAtCursor()
	switch {
	case m.isDisconnected():
		m.setStatus("", errDisconnected)
		return nil
	case m.clients.shown:
		m.evictOfClient()
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
		ctx, cancel := context.WithTimeout(ctx, replyTimeout)
		defer cancel()
		lock, err := readLock(ctx, source, name)
		more := lock.Holding - len(lock.Holders)
		return holdersFound{eviction{lock: name, victims: lock.Holders, holding: true, more: more}, err}
	}
}

func (m *model) evictOne() {
	requests := m.pane.requests()
	if i := m.pane.index; i < len(requests) {
		r := requests[i]
		m.eviction = &eviction{lock: m.pane.detail.name, victims: []wire.RequestInfo{r}, holding: r.Token != 0}
	}
}

// askToConfirm asks whether to evict the holders that were found.
func (m *model) askToConfirm(f holdersFound) {
	switch {
	case f.err != nil:
		m.setStatus("", f.err)
	case len(f.eviction.victims) == 0:
		m.setStatus("nobody holds "+printable.Text(f.eviction.lock), nil)
	case m.eviction == nil:
		m.eviction = &f.eviction
	}
}

// pressInQuestion handles a key while the view asks for confirmation. Only y means yes.
func (m *model) pressInQuestion(key string) tea.Cmd {
	switch key {
	case "y", "Y":
		e := m.eviction
		m.eviction = nil
		if m.isDisconnected() {
			m.setStatus("", errDisconnected)
			return nil
		}
		m.setStatus("evicting ...", nil)
		ctx, source, message := m.ctx, m.source, m.options.Message
		return func() tea.Msg { return e.do(ctx, source, message) }
	case "n", "N", "esc", "enter", "q":
		m.eviction = nil
		m.setStatus("nothing was done", nil)
	}
	return nil
}

// do evicts all victims. If a request has ended in the meantime, that is not an error.
func (e *eviction) do(ctx context.Context, source Source, message string) evictionDone {
	ctx, cancel := context.WithTimeout(ctx, replyTimeout)
	defer cancel()
	var done []string
	var failed error
	for _, v := range e.victims {
		switch err := source.Evict(ctx, v.ID, message); {
		case err == nil:
			done = append(done, listing.Named(v))
		case errors.Is(err, wsclient.ErrNotFound):
		case failed == nil:
			failed = err
		}
	}
	if failed != nil && len(done) > 0 {
		failed = fmt.Errorf("evicted %d of %d, then: %w", len(done), len(e.victims), failed)
	}
	if len(done) == 0 {
		return evictionDone{"nothing evicted: the request had already ended", failed}
	}
	return evictionDone{"evicted " + strings.Join(done, "; "), failed}
}

// words returns the question, in at most the given number of lines, for a screen of that width.
func (e *eviction) words(most, width int) []string {
	what := "waiting for"
	if e.holding {
		what = "holding"
	}
	who := several(len(e.victims), "request", "requests")
	text := []string{fmt.Sprintf("Evict %s %s %s?", who, what, printable.Text(e.lock))}
	shown := e.victims[:min(len(e.victims), max(most-2, 1))]
	for _, v := range shown {
		text = append(text, requestLine(v, v.Duration(), width))
	}
	if more := len(e.victims) - len(shown); more > 0 {
		text = append(text, fmt.Sprintf("  ... and %d more", more))
	}
	if e.more > 0 {
		text[0] += fmt.Sprintf(" (%s will be left)", several(e.more, "more holder", "more holders"))
	}
	return text
}
