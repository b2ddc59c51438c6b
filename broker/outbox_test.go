package broker

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// outboxOf returns an outbox without a writer: the test takes the parcels itself.
func outboxOf(total *unsentTotal) *outbox { return newOutbox(total, func() {}) }

// Bytes count in the total until they are sent, or until the session ends, and never twice.
func TestUnsentBytesAreCountedOnce(t *testing.T) {
	var sent parcel
	steps := map[string]func(o *outbox){
		"put":    func(o *outbox) { o.put(&wire.Released{}) },
		"take":   func(o *outbox) { sent = o.take(sent) },
		"sent":   func(o *outbox) { o.noteSent() },
		"finish": func(o *outbox) { o.finish(brokerStopped) },
		"cut":    func(o *outbox) { o.cut(slowConsumer) },
	}
	for _, test := range []struct {
		steps []string
		left  int64 // replies that count
	}{
		{[]string{"put", "put"}, 2},
		{[]string{"put", "take"}, 1},
		{[]string{"put", "take", "sent"}, 0},
		{[]string{"put", "take", "put", "sent"}, 1},
		{[]string{"put", "take", "put", "finish"}, 0},
		{[]string{"put", "take", "put", "cut"}, 0},
		{[]string{"put", "take", "finish", "sent"}, 0},
		{[]string{"put", "take", "cut", "sent"}, 0},
		{[]string{"put", "finish", "take", "sent"}, 0},
		{[]string{"put", "finish", "cut", "put"}, 0},
	} {
		var total unsentTotal
		sent = parcel{}
		other := outboxOf(&total) // of another session, which has one reply
		other.put(&wire.Released{})
		each := total.now.Load()
		o := outboxOf(&total)
		for _, step := range test.steps {
			steps[step](o)
		}
		if got := total.now.Load(); got != each*(1+test.left) {
			t.Errorf("%v: the total is %d, want %d for each of %d replies", test.steps, got, each,
				1+test.left)
		}
	}
}

// An end comes after all replies, but a cut drops them. After either, nothing is added.
func TestCutDropsWhatIsNotSent(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(o *outbox)
		left int
	}{
		"finish": {func(o *outbox) { o.finish(brokerStopped) }, 2},
		"cut":    {func(o *outbox) { o.cut(brokerStopped) }, 0},
		"both":   {func(o *outbox) { o.finish(brokerStopped); o.cut(slowConsumer) }, 0},
	} {
		var total unsentTotal
		o := outboxOf(&total)
		o.put(&wire.Released{})
		o.put(&wire.Released{})
		test.end(o)
		if !o.put(&wire.Released{}) {
			t.Errorf("%s: a client that is ending is too slow", name)
		}
		p := o.take(parcel{})
		if len(p.replies) != test.left || p.end == nil || *p.end != brokerStopped {
			t.Errorf("%s: took %d replies and the end %v, want %d and the first end",
				name, len(p.replies), p.end, test.left)
		}
	}
}

// A writer may end only if there is nothing at all to send. The next thing to send starts another.
func TestWriterEndsOnlyWithoutWork(t *testing.T) {
	for name, add := range map[string]func(o *outbox){
		"a reply": func(o *outbox) { o.put(&wire.Released{}) },
		"a ping":  func(o *outbox) { o.putPing() },
		"a pong":  func(o *outbox) { _ = o.putWebSocketPong("") },
		"the end": func(o *outbox) { o.finish(brokerStopped) },
	} {
		var total unsentTotal
		writers := 0
		o := newOutbox(&total, func() { writers++ })
		add(o)
		if o.retireWriter() || writers != 1 {
			t.Errorf("%s: the writer has ended, or there are %d", name, writers)
		}
		if o.take(parcel{}); name != "the end" && !o.retireWriter() {
			t.Errorf("%s: the writer goes on without work", name)
		}
		if add(o); name != "the end" && writers != 2 {
			t.Errorf("%s: started %d writers, want a second one", name, writers)
		}
	}
}
