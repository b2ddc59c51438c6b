package broker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A badDisk fails or is slow at one step of saving, as long as it is broken.
type badDisk struct {
	statedir.Disk
	broken atomic.Bool
	at     string
	how    func() error
}

func (d *badDisk) step(name string) error {
	if d.broken.Load() && d.at == name {
		return d.how()
	}
	return nil
}

func (d *badDisk) Create(dir, pattern string) (statedir.File, error) {
	if err := d.step("create"); err != nil {
		return nil, err
	}
	file, err := d.Disk.Create(dir, pattern)
	return badFile{file, d}, err
}

func (d *badDisk) SyncDir(path string) error {
	if err := d.Disk.SyncDir(path); err != nil {
		return err
	}
	return d.step("sync the directory")
}

type badFile struct {
	statedir.File
	disk *badDisk
}

func (f badFile) Write(p []byte) (int, error) {
	if err := f.disk.step("write"); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f badFile) Sync() error {
	if err := f.disk.step("sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

// Whatever fails on the disk, and whenever it does, the broker gives out only reserved tokens, and
// tokens rise from run to run. While nothing is granted, answers say why, and requests that may
// wait do wait. Grants resume by themselves when the disk works again.
func TestDiskFails(t *testing.T) {
	fails := func(err error) func() error { return func() error { return err } }
	for name, disk := range map[string]*badDisk{
		"full":                         {at: "write", how: fails(syscall.ENOSPC)},
		"read-only":                    {at: "create", how: fails(syscall.EROFS)},
		"flushing the file fails":      {at: "sync", how: fails(syscall.EIO)},
		"flushing the directory fails": {at: "sync the directory", how: fails(syscall.EIO)},
		"slow":                         {at: "sync", how: func() error { pass(20 * time.Second); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			dir, log := t.TempDir(), new(testLog)
			synctest.Test(t, func(t *testing.T) {
				run := &diskRun{t: t, disk: disk, dir: dir, log: log}
				run.begin(func(r *rig) {
					a := r.connect("a")
					run.hello(a, "")
					for n := range 9 {
						run.acquire(a, n)
					}
					disk.broken.Store(true)
					n := 9
					for token := run.saved() - 1; run.last < token; n++ {
						run.acquire(a, n)
					}
					if n > 9+reservedAhead {
						t.Errorf("%d tokens were left, want at most %d", n-9, reservedAhead)
					}
					run.nothingIsGranted(r, a)
				})
				// The next run starts on the broken disk.
				disk.broken.Store(true)
				run.begin(func(r *rig) {
					r.expectReady("503 not serving\n")
					pass(broker.StartWait)
					a := r.connect("a")
					run.hello(a, wire.PauseNoTokens)
					run.nothingIsGranted(r, a)
				})
				// All locks are released: both runs ended cleanly.
				run.begin(func(r *rig) {
					a := r.connect("a")
					run.hello(a, "")
					run.acquire(a, 0)
					a.close()
				})
			})
			if got := log.lines(`"level":"error"`, "nothing is granted until"); len(got) != 2 {
				t.Errorf("the log does not say, once for each run, that nothing is granted: %q", got)
			}
			if got := log.lines("locks are granted again"); len(got) != 2 {
				t.Errorf("the log does not say that locks are granted again: %q", got)
			}
		})
	}
}

const reservedAhead = 4

// A diskRun runs one broker after another on the same disk.
type diskRun struct {
	t    *testing.T
	disk *badDisk
	dir  string
	log  *testLog
	last int64 // the greatest token so far
}

func (run *diskRun) begin(f func(r *rig)) {
	run.t.Helper()
	b, err := broker.New(broker.Config{Logger: run.log.logger(), Drain: broker.None})
	if err != nil {
		run.t.Fatal(err)
	}
	if err := b.RigDisk(run.disk, run.dir, reservedAhead); err != nil {
		run.t.Fatal(err)
	}
	rigged(run.t, b, f)
}

func (run *diskRun) hello(p *peer, pause wire.Pause) {
	run.t.Helper()
	want := hello("aaaaaaaa", 0)
	if pause != "" {
		want = strings.TrimSuffix(want, "}") + fmt.Sprintf(`,"not_granting":"%s"}`, pause)
	}
	p.expect(want)
}

func (run *diskRun) acquire(p *peer, n int) {
	run.t.Helper()
	p.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%d"}]}`, n, n)
	run.granted(p, n)
}

// granted reads a grant, and checks that its token is reserved and greater than all earlier ones.
func (run *diskRun) granted(p *peer, n int) {
	run.t.Helper()
	token := p.grantedToken(fmt.Sprintf("aaaaaaaa--%d", n))
	if token <= run.last {
		run.t.Errorf("token %d after %d", token, run.last)
	}
	run.last = token
	if next := run.saved(); next <= token {
		run.t.Errorf("token %d was given out, and a run after a crash would begin with %d", token, next)
	}
}

// saved returns what the first token of the next run would be if this run were killed now.
func (run *diskRun) saved() (next int64) {
	run.t.Helper()
	file, err := os.ReadFile(filepath.Join(run.dir, "state"))
	if err == nil {
		_, err = fmt.Sscanf(string(file), `{"lockbroker_state":2,"next_token":%d,`, &next)
	}
	if err != nil {
		run.t.Fatal(err)
	}
	return next
}

// nothingIsGranted checks that nothing is granted, and then repairs the disk.
func (run *diskRun) nothingIsGranted(r *rig, a *peer) {
	run.t.Helper()
	a.send(`{"type":"acquire","id":"aaaaaaaa--20","locks":[{"name":"20"}]}`)
	a.send(`{"type":"acquire","id":"aaaaaaaa--21","locks":[{"name":"21"}],"wait_ms":0}`)
	a.send(`{"type":"acquire","id":"aaaaaaaa--22","locks":[{"name":"0"}],"steal":true}`)
	a.send(`{"type":"why","id":"aaaaaaaa--23","request":"aaaaaaaa--20"}`)
	const message = `"code":"not_granting","message":"nothing is granted now: fencing tokens cannot be reserved on the disk of the broker"}`
	a.expect(
		`{"type":"error","id":"aaaaaaaa--21",`+message,
		`{"type":"error","id":"aaaaaaaa--22",`+message,
		`{"type":"why","id":"aaaaaaaa--23","chain":[],"not_granting":"no_tokens"}`,
	)
	a.send(`{"type":"ping","id":"aaaaaaaa--24"}`)
	a.expect(`{"type":"pong","id":"aaaaaaaa--24","not_granting":"no_tokens"}`)
	r.expectReady(withoutAny)
	run.disk.broken.Store(false)
	pass(20 * time.Second)
	run.granted(a, 20)
	r.expectReady(ready)
	a.send(`{"type":"ping","id":"aaaaaaaa--25"}`)
	a.expect(`{"type":"pong","id":"aaaaaaaa--25"}`)
	a.close()
	synctest.Wait()
}

// If the disk keeps failing, the log says so once a minute, not once a second.
func TestComplaintsAreRare(t *testing.T) {
	log := new(testLog)
	disk := &badDisk{at: "write", how: func() error { return syscall.ENOSPC }}
	disk.broken.Store(true)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		run := &diskRun{t: t, disk: disk, dir: dir, log: log}
		run.begin(func(*rig) {
			pass(10*time.Minute - time.Second)
			disk.broken.Store(false)
			pass(2 * time.Second)
		})
	})
	if got := log.lines("no space left on device"); len(got) != 10 {
		t.Errorf("got %d lines in ten minutes, want 10", len(got))
	}
}
