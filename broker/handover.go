package broker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
)

// A planned hand-over. Each standby has a request under way at the owner, which answers it when it stops, with a
// snapshot:
//
//  1. The owner grants nothing more, takes the snapshot, and sends it to a standby.
//  2. The standby checks that it is whole, keeps it, and says so.
//  3. The owner tells its clients that it is moving, and closes their connections.
//  4. With one write, the owner makes the standby the owner. The write names the snapshot by its hash. So the standby
//     uses no snapshot but the owner's.
//
// A standby shows that it may have the snapshot with the id of the owner, which only those know who can read the store.

const (
	handOverPath = "/cluster/handover"
	receivedPath = "/cluster/received"
	// receiptWait is how long the owner waits until a standby has the snapshot.
	receiptWait = 2 * time.Second
	// tellWait is how long it waits until its clients have been told.
	tellWait = 200 * time.Millisecond
	// askAgain is how long a standby waits before it asks again after an error.
	askAgain = 500 * time.Millisecond
	// maxSnapshot is the length of the longest snapshot.
	maxSnapshot = 1 << 30
)

// A handOver is the broker's part in hand-overs, as the owner and as a standby.
type handOver struct {
	mu       sync.Mutex
	standbys []*waitingStandby // at the owner
	received *core.Snapshot    // at the standby
	to       cluster.Broker    // at the owner: who has the snapshot
	id       string            // of that snapshot
}

// A waitingStandby has a request under way at the owner.
type waitingStandby struct {
	broker   cluster.Broker
	snapshot chan []byte
	received chan string   // the id of the snapshot that it has
	done     chan struct{} // closed when the owner needs no word any more
}

// serveHandOver answers a standby when this broker, the owner, stops.
func (b *Broker) serveHandOver(w http.ResponseWriter, r *http.Request) {
	if !b.isOfCluster(r) {
		http.Error(w, "this is for brokers of the cluster", http.StatusForbidden)
		return
	}
	query := r.URL.Query()
	s := &waitingStandby{
		broker:   cluster.Broker{ID: query.Get("id"), Address: query.Get("address")},
		snapshot: make(chan []byte, 1), received: make(chan string, 1),
		done: make(chan struct{}),
	}
	control := http.NewResponseController(w)
	_, _ = control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{}) // it may take for ever
	h := &b.member.handOver
	h.add(s)
	defer h.remove(s)
	select {
	case text := <-s.snapshot:
		w.Header().Set("Content-Length", strconv.Itoa(len(text))) // so that it is whole before this returns
		_, _ = w.Write(text)
		_ = control.Flush()
		select { // the standby may have closed the connection before it says that it has the snapshot
		case <-s.done:
		case <-b.over.Done():
		}
	case <-r.Context().Done():
	case <-b.over.Done():
	}
}

// serveReceived notes that a standby has the snapshot.
func (b *Broker) serveReceived(w http.ResponseWriter, r *http.Request) {
	if !b.isOfCluster(r) {
		http.Error(w, "this is for brokers of the cluster", http.StatusForbidden)
		return
	}
	b.member.handOver.noteReceived(r.URL.Query().Get("id"), r.URL.Query().Get("snapshot"))
}

// isOfCluster reports whether a request is of a broker that can read the store.
func (b *Broker) isOfCluster(r *http.Request) bool {
	got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	return subtle.ConstantTimeCompare([]byte(got), []byte(b.member.self.ID)) == 1
}

func (h *handOver) add(s *waitingStandby) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standbys = append(h.standbys, s)
}

func (h *handOver) remove(s *waitingStandby) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.standbys {
		if h.standbys[i] == s {
			h.standbys = append(h.standbys[:i], h.standbys[i+1:]...)
			return
		}
	}
}

func (h *handOver) noteReceived(broker, snapshot string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.standbys {
		if s.broker.ID == broker {
			select {
			case s.received <- snapshot:
			default:
			}
		}
	}
}

// all returns the standbys that wait.
func (h *handOver) all() []*waitingStandby {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*waitingStandby(nil), h.standbys...)
}

// sendSnapshot sends a snapshot to a standby, and returns once that has it. It returns false if none has.
func (m *member) sendSnapshot(left *core.Snapshot) bool {
	var text bytes.Buffer
	if err := snapshot.Write(&text, *left); err != nil {
		return false
	}
	id := idOfSnapshot(text.Bytes())
	limit := time.NewTimer(receiptWait)
	defer limit.Stop()
	for _, s := range m.handOver.all() {
		s.snapshot <- text.Bytes()
		defer close(s.done)
		select {
		case got := <-s.received:
			if got == id {
				m.handOver.to, m.handOver.id = s.broker, id
				return true
			}
		case <-limit.C:
			return false
		}
	}
	return false
}

func idOfSnapshot(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// giveUpOwnership makes the standby that has the snapshot the owner, or nobody. It returns when that is on record.
func (m *member) giveUpOwnership() error {
	m.do(func(machine *owner.Machine, _ owner.Instant) { machine.HandOver(m.handOver.to, m.handOver.id) })
	select {
	case <-m.lost: // the hand-over was acknowledged, or another broker has taken over
		return nil
	case <-time.After(stopWait):
		return errSlowStop
	}
}

// follow asks the owner for its snapshot while this broker is on standby.
func (b *Broker) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.followOwner(ctx)
		if err == nil {
			continue
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
		}
	}
}

var errNoOwner = errors.New("there is no other owner")

// followOwner waits until the owner hands over, and takes its snapshot.
func (b *Broker) followOwner(ctx context.Context) error {
	of := b.member.owner()
	target := b.ownerURL()
	if target == nil {
		return errNoOwner
	}
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
	b.member.receive(&left, id)
	query.Set("snapshot", id)
	_, err = b.askOwner(ctx, target, of.ID, receivedPath, query)
	b.logs.write(slog.LevelInfo, "the owner hands over its locks", slog.Int("sessions", len(left.Sessions)))
	return err
}

// receive keeps a snapshot of the owner.
func (m *member) receive(left *core.Snapshot, id string) {
	m.handOver.mu.Lock()
	m.handOver.received = left
	m.handOver.mu.Unlock()
	m.do(func(machine *owner.Machine, now owner.Instant) { machine.SnapshotReceived(now, id) })
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
