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

// A state directory that was restored from a backup knows nothing of later runs. New tokens are
// still greater than those of the later runs. Clients of those runs may be stale holders, so the
// broker waits for them, although the run in the backup stopped cleanly.
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
				t.Fatal("the file system does not record when a file was made, so nothing was tested")
			}
			t.Skip("the file system does not record when a file was made")
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
		serve(t, config, func(r *rig) { // this run continues from a state that was not restored
			a := r.connect("a")
			a.expect(hello("aaaaaaaa", 0))
			a.close()
		})
	})
	if got := log.lines(`"level":"warn"`, "was restored", `"grace":"15s"`); len(got) != 1 {
		t.Errorf("the log does not say that the directory was restored: %q", log.lines(""))
	}
}

// writeLater creates a file with the given contents that is newer than the state file. It may have
// to wait, because the clock of a file system ticks only every few milliseconds.
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

// The log says what is wrong with the clock. Here it is set back by 50 years.
func TestClockIsSetBack(t *testing.T) {
	dir, log := t.TempDir(), new(testLog)
	for _, ahead := range []time.Duration{50 * 365 * 24 * time.Hour, 0} {
		if got := log.lines("behind the fencing tokens"); len(got) > 0 {
			t.Errorf("the log complains about a clock that is right: %q", got)
		}
		synctest.Test(t, func(t *testing.T) {
			pass(ahead)
			serve(t, broker.Config{StateDir: dir, Logger: log.logger()},
				func(r *rig) { r.connect("a").close() })
		})
	}
	if got := log.lines(`"level":"warn"`, "behind the fencing tokens"); len(got) != 1 {
		t.Errorf("the log does not say that the clock was set back: %q", log.lines(""))
	}
}
