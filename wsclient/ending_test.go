package wsclient

import (
	"context"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An endObserver keeps the latest ending.
type endObserver struct{ end Ending }

func (o *endObserver) Requested(ctx context.Context, _ RequestInfo) context.Context { return ctx }

func (o *endObserver) Granted(context.Context, RequestInfo, time.Duration) {}

func (o *endObserver) Ended(_ context.Context, _ RequestInfo, e Ending) { o.end = e }

// If the process was frozen for longer than its lease of 10s, the ending says for how long the holder was stale.
func TestEndingOfAStaleHolder(t *testing.T) {
	l, o := waits(t, 0), new(endObserver)
	l.client.tracer = newTracer(&Options{Observe: o})
	l.traced = l.client.tracer.follow(l)
	_ = l.traced.requested(t.Context())
	l.grant(t, 7, at(0))
	if settled, err := l.settle(false); !settled || err != nil {
		t.Fatalf("settled: %t, %v", settled, err)
	}
	l.traced.returned()
	l.client.clock.pass(20 * time.Second)
	if l.Valid() {
		t.Error("the lock is valid")
	}
	l.client.tracer.close()
	late := o.end.Late.Round(time.Second)
	if o.end.Code != "lost_lease" || late != 10*time.Second || !o.end.Granted {
		t.Errorf("%+v, want lost_lease, late by 10s", o.end)
	}
}

// A broker cannot add codes, which would add labels to the metrics of its clients.
func TestEndingCodesAreFew(t *testing.T) {
	for _, row := range wire.ErrorCodes() {
		if got := failureCode(t.Context(), &Error{Code: row.Code}); got != string(row.Code) {
			t.Errorf("%s: got %s", row.Code, got)
		}
	}
	if got := failureCode(t.Context(), &Error{Code: "made_up"}); got != codeOther {
		t.Errorf("a code that is not known: got %s", got)
	}
	if got := lossCode("made up"); got != "lost_other" {
		t.Errorf("a reason that is not known: got %s", got)
	}
}

// A client without Trace and Observe pays nothing for them.
func TestNoObserverCostsNothing(t *testing.T) {
	l := fixture(t, 0)
	ctx := t.Context()
	allocations := testing.AllocsPerRun(100, func() {
		l.traced = l.client.tracer.follow(l)
		defer l.traced.returned()
		if l.traced.requested(ctx) != ctx {
			t.Error("another context")
		}
		l.traced.granted(&l.request)
		l.traced.released(&l.request)
	})
	if allocations != 0 || l.client.tracer != nil {
		t.Errorf("%v allocations, want 0", allocations)
	}
}
