package quiet

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// Lines above the limit are counted, and the next one says how many there were.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		line := NewLine(zerolog.New(&out))
		warn := func(times int) {
			for range times {
				line.Warn("full", func(e *zerolog.Event) { e.Str("address", "a") })
			}
		}
		warn(burst + 7)
		got := strings.Count(out.String(), "\n")
		if got != burst || strings.Contains(out.String(), "suppressed") {
			t.Errorf("%d lines, want %d:\n%s", got, burst, out.String())
		}
		out.Reset()
		time.Sleep(interval) //nolint:forbidigo // virtual time
		warn(2)
		const want = `{"level":"warn","suppressed":7,"address":"a","message":"full"}` + "\n"
		if out.String() != want {
			t.Errorf("got %swant %s", out.String(), want)
		}
	})
}
