package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
)

const (
	// askAgain is how long a standby waits before it asks again after an error. There is no hand-over meanwhile.
	askAgain = 100 * time.Millisecond
	// hurryFor is how long it then reads the record often: the owner may have handed over to another standby.
	hurryFor = time.Second
	// maxSnapshot is the length of the longest snapshot.
	maxSnapshot = 1 << 30
)

// follow asks the owner for its snapshot while this broker is on standby.
func (b *Broker) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.followOwner(ctx)
		if err == nil {
			continue
		}
		b.member.hurry()
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
		}
	}
}

var errNoOwner = errors.New("there is no other owner")

// followOwner waits until the owner hands over, and takes its snapshot. It gives up when the record names another
// owner: the last one may be frozen, and never answer.
func (b *Broker) followOwner(ctx context.Context) error {
	now := b.member.currentReign()
	ctx, end := now.within(ctx)
	defer end()
	of := now.owner
	if !b.member.isOther(of) {
		return errNoOwner
	}
	target := urlOf(of)
	self := b.member.self
	query := url.Values{"id": {self.ID}, "address": {self.Address}}
	text, err := b.askOwner(ctx, target, of.ID, handOverPath, query)
	if err != nil {
		return err
	}
	left, err := snapshot.Read(text)
	if err != nil {
		return err
	}
	id := idOfSnapshot(text)
	b.member.receive(&left, id, of.ID)
	query.Set("snapshot", id)
	_, err = b.askOwner(ctx, target, of.ID, receivedPath, query)
	b.logs.write(slog.LevelInfo, "the owner hands over its locks", slog.Int("sessions", len(left.Sessions)))
	return err
}

// receive keeps a snapshot of the owner with the id from.
func (m *member) receive(left *core.Snapshot, id, from string) {
	m.do(func(machine *owner.Machine, now owner.Instant) {
		m.handOver.keep(received{left, id, from})
		machine.SnapshotReceived(now, id)
	})
}

func (h *handOver) keep(r received) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.received = r
}

// take returns the snapshot with that id, or nil if this broker does not have it. It forgets any other.
func (h *handOver) take(id string) *core.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.received
	h.received = received{}
	if r.id != id {
		return nil
	}
	return r.snapshot
}

// isPast reports whether a snapshot is useless now that o is the owner: it has not sent it, and its record does not
// name it.
func (r *received) isPast(o cluster.Owner) bool {
	return r.snapshot != nil && o.ID != r.from && o.Snapshot != r.id
}

// dropPast forgets the snapshot if it is useless. The caller holds m.mu.
func (m *member) dropPast(now cluster.Owner) {
	h := &m.handOver
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.ID != m.self.ID && h.received.isPast(now) {
		h.received = received{}
		m.machine.SnapshotDropped()
	}
}

// askOwner makes a request to the owner, and returns the answer.
func (b *Broker) askOwner(ctx context.Context, target *url.URL, id, path string, query url.Values) ([]byte, error) {
	at := *target
	at.Path, at.RawQuery = b.config.BasePath+path, query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+id)
	response, err := b.clusterHTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the owner answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxSnapshot))
	if err == nil && path == handOverPath && len(text) == 0 {
		err = errors.New("the owner has ended without a hand-over")
	}
	return text, err
}
