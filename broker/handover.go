package broker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
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
//  1. The owner grants nothing more, takes the snapshot, and sends it to all standbys.
//  2. Each standby checks that it is whole, keeps it, and says so. The first to do so will be the owner.
//  3. The owner tells its clients that it is moving, and closes their connections.
//  4. With one write, the owner makes that standby the owner. The write names the snapshot by its hash. So the standby
//     uses no snapshot but the owner's.
//
// From the snapshot on, the standbys expect another owner. Clients that come meanwhile wait until it is known who that
// is, because a client that is refused comes back only after a pause.
//
// A standby shows that it may have the snapshot with the id of the owner, which only those know who can read the store.

const (
	handOverPath = "/cluster/handover"
	receivedPath = "/cluster/received"
	// standbyWait is how long the owner waits for a standby at least. A standby may just have lost its connection.
	standbyWait = 2 * askAgain
	// receiptWait is how long the owner waits until a standby has the snapshot.
	receiptWait = 2 * time.Second
	// tellWait is how long it waits at most until its clients have been told.
	tellWait = 2 * time.Second
	// tellPause is how long it waits if none of them can be told.
	tellPause = 200 * time.Millisecond
)

// A handOver is the broker's part in hand-overs, as the owner and as a standby.
type handOver struct {
	mu       sync.Mutex
	standbys []*waitingStandby // at the owner
	asked    chan struct{}     // at the owner: holds a token when a standby has come
	receipts chan receipt      // at the owner
	has      receipt           // at the owner: of the standby that will be the owner
	received received          // at the standby
}

// A received is the snapshot that a standby has. It is the zero value if there is none.
type received struct {
	snapshot *core.Snapshot
	id       string // of the snapshot
	from     string // the id of the owner that has sent it
}

// A waitingStandby has asked the owner for its snapshot.
type waitingStandby struct {
	broker   cluster.Broker
	snapshot chan []byte // takes one
	sent     bool        // it has been put there
}

// A receipt says that a standby has a snapshot.
type receipt struct {
	by       cluster.Broker
	snapshot string
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
		snapshot: make(chan []byte, 1),
	}
	control := http.NewResponseController(w)
	_, _ = control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{}) // it may take for ever
	h := &b.member.handOver
	h.add(s)
	select {
	case text := <-s.snapshot:
		// The standby may send its receipt on the same connection, which is free for it only when this returns.
		_ = control.SetWriteDeadline(time.Now().Add(receiptWait))
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = w.Write(text)
		return // s stays known, because its receipt is still to come
	case <-r.Context().Done():
	case <-b.over.Done():
	}
	h.remove(s)
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
	return b.member.isOwnID(got)
}

func (h *handOver) add(s *waitingStandby) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standbys = append(h.standbys, s)
	offer(h.asked)
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

// noteReceived notes that a standby has a snapshot. It ignores brokers that have not asked for one.
func (h *handOver) noteReceived(broker, snapshot string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.standbys {
		if s.broker.ID != broker {
			continue
		}
		select {
		case h.receipts <- receipt{s.broker, snapshot}:
		default: // there are enough
		}
		return
	}
}

// send sends a snapshot to all standbys that have asked for it, once. It reports whether there are any.
func (h *handOver) send(text []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.standbys {
		if !s.sent {
			s.sent = true
			s.snapshot <- text
		}
	}
	return len(h.standbys) > 0
}

// choose notes which standby will be the owner.
func (h *handOver) choose(has receipt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.has = has
}

// chosen returns which standby will be the owner. It is the zero value if none has the snapshot.
func (h *handOver) chosen() receipt {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.has
}

// patienceForStandbys returns how long to wait for a standby. If this broker has only just taken over, the standbys
// may not know that yet.
func (m *member) patienceForStandbys() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(time.Until(m.began.Add(m.takeover/5)), standbyWait)
}

// sendSnapshot sends a snapshot to all standbys, also to those that ask for it meanwhile. It returns once one of them
// has it, or false if none has.
func (m *member) sendSnapshot(left *core.Snapshot) bool {
	var text bytes.Buffer
	if err := snapshot.Write(&text, *left); err != nil {
		return false
	}
	h, id := &m.handOver, idOfSnapshot(text.Bytes())
	limit := time.NewTimer(m.patienceForStandbys())
	defer limit.Stop()
	for some := false; ; {
		if h.send(text.Bytes()) && !some {
			some = true
			limit.Reset(receiptWait)
		}
		select {
		case <-h.asked:
		case got := <-h.receipts:
			if got.snapshot == id {
				h.choose(got)
				return true
			}
		case <-limit.C:
			return false
		case <-m.over:
			return false
		}
	}
}

func idOfSnapshot(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// giveUpOwnership makes the standby that has the snapshot the owner, or nobody. It returns when that is on record.
func (m *member) giveUpOwnership() error {
	to := m.handOver.chosen()
	m.do(func(machine *owner.Machine, _ owner.Instant) { machine.HandOver(to.by, to.snapshot) })
	select {
	case <-m.lost: // the hand-over was acknowledged, or another broker has taken over
		return nil
	case <-time.After(stopWait):
		return errSlowStop
	}
}
