package wsclient

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// Time that passes while the machine runs does not count as sleep. Neither does virtual time, which the system does
// not know of.
func TestAwakeInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		begin, first := c.now(), c.quick()
		time.Sleep(time.Hour) //nolint:forbidigo // virtual time
		for _, at := range []core.Instant{c.now(), c.quick()} {
			for _, since := range []core.Instant{begin, first} {
				if took := at.Since(since); took < time.Hour || took > time.Hour+time.Minute {
					t.Errorf("%v have passed, want an hour", took)
				}
			}
		}
	})
}

// quick does not read all clocks each time. It keeps the latest reading.
func TestQuickReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		c.latest = c.now()
		c.latest.Asleep = time.Hour
		if at := c.quick(); at.Asleep != time.Hour {
			t.Errorf("it has read all clocks at once: asleep for %v", at.Asleep)
		}
		time.Sleep(sleepEvery) //nolint:forbidigo // virtual time
		if at := c.quick(); at.Asleep == time.Hour {
			t.Error("it has not read them again")
		}
	})
}
