package retry

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Pauses are random, up to a bound that doubles until it is five seconds.
func TestBackoff(t *testing.T) {
	for _, dice := range []float64{0, 0.5, 1} {
		var b Backoff
		for _, bound := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000} {
			want := time.Duration(dice * float64(bound*time.Millisecond))
			if got := b.Next(0, dice); got != want {
				t.Errorf("dice %v: got %v, want %v", dice, got, want)
			}
		}
		for range 100 {
			b.Next(0, dice)
		}
		if got, want := b.Next(0, dice), time.Duration(dice*float64(Most)); got != want {
			t.Errorf("dice %v, after many: got %v, want %v", dice, got, want)
		}
	}
}

// A connection that ends at once counts as a failed attempt. After one that has lasted, the pauses begin again with
// the shortest.
func TestBackoffBeginsAgain(t *testing.T) {
	var b Backoff
	for range 5 {
		b.Next(0, 1)
	}
	if got, want := b.Next(Settled-1, 1), 3200*time.Millisecond; got != want {
		t.Errorf("after a short connection: got %v, want %v", got, want)
	}
	if got := b.Next(Settled, 1); got != First {
		t.Errorf("after one that lasted: got %v, want %v", got, First)
	}
}

// Only the tables of the protocol make an end final, and 1000 is never final.
func TestFinal(t *testing.T) {
	for _, row := range wire.HTTPStatuses() {
		if got, want := IsFinalStatus(row.Code), row.Retry == wire.RetryNever; got != want {
			t.Errorf("status %d: got %t, want %t", row.Code, got, want)
		}
	}
	for _, row := range wire.CloseCodes() {
		want := row.Retry == wire.RetryNever && row.Code != wire.CloseNormal
		if got := IsFinalClose(row.Code); got != want {
			t.Errorf("close code %d: got %t, want %t", row.Code, got, want)
		}
	}
	if IsFinalStatus(502) || IsFinalClose(1001) {
		t.Error("a code that is in no table is final")
	}
}

// While a lease runs out, the first attempt comes soon, and several fit into the lease.
func TestBackoffWithinALease(t *testing.T) {
	const lease = 10 * time.Second
	var b Backoff
	for _, bound := range []time.Duration{50, 100, 200, 300, 300} {
		if got, want := b.NextSoon(lease, 0, 1), bound*time.Millisecond; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := b.NextSoon(lease, Settled, 1); got != Soon {
		t.Errorf("after a connection that lasted: got %v, want %v", got, Soon)
	}
	if got, want := b.NextSoon(time.Hour, 0, 1), 2*Soon; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for range 20 {
		b.NextSoon(time.Second, 0, 1)
	}
	if got, want := b.NextSoon(time.Second, 0, 1), time.Second/8; got != want {
		t.Errorf("with a short lease: got %v, want %v", got, want)
	}
}

// An attempt takes a tenth of the lease at first, and at least a second. After every second round it may take twice as
// long.
func TestAttemptTime(t *testing.T) {
	tests := []struct {
		lease  time.Duration
		rounds int
		want   time.Duration
	}{
		{10 * time.Second, 0, time.Second},
		{10 * time.Second, 1, time.Second},
		{10 * time.Second, 2, 2 * time.Second},
		{10 * time.Second, 3, 2 * time.Second},
		{10 * time.Second, 4, 4 * time.Second},
		{40 * time.Second, 0, 4 * time.Second},
		{2 * time.Second, 0, time.Second},
		{time.Second, 1_000_000, 1024 * time.Second},
	}
	for _, test := range tests {
		if got := AttemptTime(test.lease, test.rounds); got != test.want {
			t.Errorf("lease %v, round %d: got %v, want %v", test.lease, test.rounds, got, test.want)
		}
	}
}
