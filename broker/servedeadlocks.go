package broker

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// deadlocksPath is where the refused deadlocks are, below the base path.
const deadlocksPath = "/deadlocks"

// A deadlocksAnswer is the answer to a request for the refused deadlocks. PROTOCOL.md explains the fields.
type deadlocksAnswer struct {
	Deadlocks []toldDeadlock `json:"deadlocks"`
}

type toldDeadlock struct {
	AgoMS int64       `json:"ago_ms"`
	Steps int         `json:"steps"`
	Cycle []wire.Step `json:"cycle"`
}

// serveDeadlocks tells which requests were refused as deadlocks. The cycles name locks and requests of
// all clients, so they are only for those who may list all locks.
func (b *Broker) serveDeadlocks(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	if refused := b.mayReadDeadlocks(r); refused != nil {
		refused.answer(w)
		return
	}
	answer := deadlocksAnswer{Deadlocks: []toldDeadlock{}}
	for _, d := range b.loop.deadlocks.all() {
		told := toldDeadlock{AgoMS: time.Since(d.at).Milliseconds(), Steps: d.steps, Cycle: d.cycle}
		answer.Deadlocks = append(answer.Deadlocks, told)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.MarshalWrite(w, answer) // an error means that the client has gone
}

// mayReadDeadlocks returns why a request may not read the refused deadlocks, or nil if it may.
func (b *Broker) mayReadDeadlocks(r *http.Request) *refusal {
	if refused := b.checkHistoryPage(r); refused != nil {
		return refused
	}
	var who introduction
	who.remote, _ = b.remoteOf(r)
	control, subject, refused := b.authenticate(r, &who)
	if refused == nil && control != nil && !control.For(&subject).AllowsEverywhere(access.List) {
		refused = &refusal{http.StatusForbidden, "not permitted: this needs the permission list on all locks"}
	}
	return refused
}
