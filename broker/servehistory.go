package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// historyPath is where the history is, below the base path.
const historyPath = "/history"

// maxHistoryRequests is how many requests for the history may be under way.
const maxHistoryRequests = 16

// A historyAnswer is the answer to a request for the history. PROTOCOL.md explains the fields.
type historyAnswer struct {
	Run         string     `json:"run"`
	IntervalMS  int64      `json:"interval_ms"`
	Next        int64      `json:"next"`
	Points      []point    `json:"points,omitzero"`
	PointsNeed  wire.Verb  `json:"points_need,omitempty"`
	NotGranting wire.Pause `json:"not_granting,omitempty"`
	LeftMS      *int64     `json:"left_ms,omitempty"`
	Deadlocks   int64      `json:"deadlocks,omitzero"`
}

// serveHistory answers what the dashboard cannot know from its session.
func (b *Broker) serveHistory(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	answer, refused := b.answerHistory(r)
	if refused != nil {
		refused.answer(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(answer) // an error means that the client has gone
}

func (b *Broker) answerHistory(r *http.Request) (*historyAnswer, *refusal) {
	if refused := b.checkHistoryPage(r); refused != nil {
		return nil, refused
	}
	mayRead, refused := b.mayReadHistory(r)
	if refused != nil {
		return nil, refused
	}
	after, err := afterOf(r.URL.RawQuery)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, err.Error()}
	}
	status, refused := b.statusForHistory(r.Context())
	if refused != nil {
		return nil, refused
	}
	answer := &historyAnswer{
		Run: b.history.run, IntervalMS: historyInterval.Milliseconds(), NotGranting: status.Pause,
	}
	if status.Pause == wire.PauseGrace || status.Pause == wire.PauseDraining {
		answer.LeftMS = new(status.Left.Milliseconds())
	}
	answer.Points, answer.Next = b.history.after(after)
	answer.Deadlocks = b.loop.deadlocks.total()
	if !mayRead {
		answer.Points, answer.PointsNeed, answer.Deadlocks = nil, wire.MayMetrics, 0
	}
	return answer, nil
}

// checkHistoryPage returns why the page that sends a request may not read the history, or nil if it may,
// or if the request comes from another program.
func (b *Broker) checkHistoryPage(r *http.Request) *refusal {
	if refused := b.checkHost(r); refused != nil {
		return refused
	}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return &refusal{http.StatusForbidden, "pages of other sites may not read this"}
	}
	return b.checkOrigin(r)
}

// mayReadHistory reports whether a client may read the points of the history. They are sums over all
// locks, so they are only for those who may list all of them, or read the metrics, which tell the same.
func (b *Broker) mayReadHistory(r *http.Request) (bool, *refusal) {
	var who introduction
	who.remote, _ = b.remoteOf(r)
	control, subject, refused := b.authenticate(r, &who)
	if refused != nil || control == nil {
		return refused == nil, refused
	}
	may := control.For(&subject)
	return may.AllowsEverywhere(access.List) || may.AllowsEverywhere(access.Metrics), nil
}

// afterOf returns the number after which a client wants points. 0: all that are kept.
func afterOf(query string) (int64, error) {
	text, given, err := parameter(query, "after")
	if err != nil || !given {
		return 0, err
	}
	number, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, errors.New("after: want the number that the last answer had as next, or none")
	}
	return int64(number), nil
}

// statusForHistory asks the loop whether locks are granted. Few requests at a time may do so, and they do
// not wait for long.
func (b *Broker) statusForHistory(ctx context.Context) (Status, *refusal) {
	defer b.asking.Add(-1)
	if b.asking.Add(1) > maxHistoryRequests {
		return Status{}, &refusal{http.StatusServiceUnavailable,
			"too many requests for the history at the same time"}
	}
	ctx, cancel := context.WithTimeout(ctx, loopPatience)
	defer cancel()
	status, err := b.Status(ctx)
	switch {
	case errors.Is(err, ErrNotRunning):
		return Status{}, &refusal{http.StatusServiceUnavailable, "the broker has stopped"}
	case err != nil:
		return Status{}, &refusal{http.StatusServiceUnavailable,
			fmt.Sprintf("the event loop has not answered within %v", loopPatience)}
	}
	return status, nil
}
