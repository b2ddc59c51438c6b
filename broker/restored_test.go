package broker_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
)

// A state directory that was restored from a backup knows nothing of the runs since. Their
// tokens are less nevertheless, and their clients, who may still hold locks, are waited
// for, although the run that was saved in the backup has stopped cleanly.
func TestRestoredDirectory(t *testing.T) {
	dir, log := t.TempDir(), new(testLog)
	state := filepath.Join(dir, "state")
	synctest.Test(t, func(t *testing.T) {
		config := broker.Config{StateDir: dir, Logger: log.logger()}
		serve(t, config, func(*rig) {})
		backup, err := os.ReadFile(state)
		if err != nil {
			t.Fatal(err)
		}
		if (statedir.Disk{}).Born(state) == 0 {
			if os.Getenv("CI") != "" {
				t.Fatal("the file system does not tell when a file was made, so nothing was tested")
			}
			t.Skip("the file system does not tell when a file was made")
		}
		pass(time.Minute)
		var last int64
		serve(t, config, func(r *rig) {
			a := r.connect("a")
			a.take()
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			last = a.grantedToken("aaaaaaaa--0")
		})
		writeLater(t, state, backup)
		pass(time.Minute)
		serve(t, config, func(r *rig) {
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 15*time.Second))
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			pass(15*time.Second - 1)
			a.expect()
			pass(1)
			if token := a.grantedToken("aaaaaaaa--0"); token <= last {
				t.Errorf("token %d after %d", token, last)
			}
			a.close()
			synctest.Wait()
		})
		serve(t, config, func(r *rig) { // which goes on from one that was no copy
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 0))
			a.close()
		})
	})
	if got := log.lines(`"level":"warn"`, "was restored", `"grace":"15s"`); len(got) != 1 {
		t.Errorf("the log does not tell of the restoration: %q", log.lines(""))
	}
}

// writeLater makes a file, which is younger than the state that was saved with that content:
// the clock of a file system ticks every few milliseconds.
func writeLater(t *testing.T, path string, content []byte) {
	t.Helper()
	for {
		if err := errors.Join(os.Remove(path), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
		born := statedir.Disk{}.Born(path)
		if born == 0 || !strings.Contains(string(content), fmt.Sprintf(`"born_ns":%d}`, born)) {
			return
		}
	}
}

// The clock can only make tokens greater, and only while it can be right.
func TestFirstToken(t *testing.T) {
	at := func(text string) time.Time {
		clock, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return clock
	}
	now := at("2026-11-28").UnixMicro()
	for _, c := range []struct {
		name   string
		stored int64
		clock  string
		want   int64
		warns  bool
	}{
		{"the first use", 0, "2026-11-28", now, false},
		{"an ordinary start", now - 1e12, "2026-11-28", now, false},
		{"a start right after another", now + 1<<20, "2026-11-28", now + 1<<20, false},
		{"the clock was set back by a day", now, "2026-11-27", now, true},
		{"the clock begins at 1970", now, "1970-01-01", now, true},
		{"it does so at the first use", 0, "1970-01-01", 1, false},
		{"it is before 1970", 0, "1915-01-01", 1, false},
		{"the clock is in 2200", now, "2200-01-01", now, true},
		{"it is so at the first use", 0, "2200-01-01", 1, true},
		{"the clock is beyond the last token", now, "2300-01-01", now, true},
		{"the clock is right again", 1 << 20, "2026-11-28", now, false},
		{"the clock is in 2099", now, "2099-12-31", at("2099-12-31").UnixMicro(), false},
		{"all tokens were given out", 1 << 53, "2026-11-28", 1 << 53, true},
	} {
		got, warning := broker.FirstToken(c.stored, at(c.clock))
		if got != c.want || (warning != "") != c.warns {
			t.Errorf("%s: got %d, %q; want %d", c.name, got, warning, c.want)
		}
	}
}

// What is wrong with the clock is in the log. Here it is set back by 50 years.
func TestClockIsSetBack(t *testing.T) {
	dir, log := t.TempDir(), new(testLog)
	for _, ahead := range []time.Duration{50 * 365 * 24 * time.Hour, 0} {
		if got := log.lines("behind the tokens"); len(got) > 0 {
			t.Errorf("the log complains of a clock that is right: %q", got)
		}
		synctest.Test(t, func(t *testing.T) {
			pass(ahead)
			serve(t, broker.Config{StateDir: dir, Logger: log.logger()}, func(r *rig) { r.connect("a").close() })
		})
	}
	if got := log.lines(`"level":"warn"`, "behind the tokens"); len(got) != 1 {
		t.Errorf("the log does not say that the clock was set back: %q", log.lines(""))
	}
}
