package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

// The end waits for as long as clients are told of it one after another, but not for those that do not read.
func TestAwaitWritten(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		told   []time.Duration // when each client has been told; 0: never
		waited time.Duration
	}{
		{"nobody", nil, 0},
		{"all at once", []time.Duration{ms, ms}, ms},
		{"one after another", []time.Duration{100 * ms, 250 * ms, 430 * ms, 610 * ms}, 610 * ms},
		{"one does not read", []time.Duration{0, 100 * ms, 250 * ms, 430 * ms}, 800 * ms},
		{"none reads", []time.Duration{0, 0}, 200 * ms},
		{"too slowly", []time.Duration{0, 150 * ms, 350 * ms, 550 * ms, 750 * ms, 950 * ms, 1150 * ms,
			1350 * ms, 1550 * ms, 1750 * ms, 1950 * ms, 2150 * ms}, tellWait},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sessions []*session
				for _, at := range test.told {
					written := make(chan struct{})
					sessions = append(sessions, &session{connection: &connection{written: written}})
					if at > 0 {
						time.AfterFunc(at, func() { close(written) })
					}
				}
				begin := time.Now()
				awaitWritten(sessions)
				if waited := time.Since(begin); waited != test.waited {
					t.Errorf("waited %v, want %v", waited, test.waited)
				}
				<-time.After(time.Second) // until the last timer
			})
		})
	}
}
