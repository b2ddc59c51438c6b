package statedir

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func openWithRoll(t *testing.T, path string, files Files) (*Dir, *Roll, bool) {
	t.Helper()
	d, err := OpenOn(files, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	r, ok, err := d.OpenRoll()
	if err != nil {
		t.Fatal(err)
	}
	return d, r, ok
}

func change(t *testing.T, r *Roll, entries ...Entry) {
	t.Helper()
	if err := r.Change(entries); err != nil {
		t.Fatal(err)
	}
}

func saveNext(t *testing.T, d *Dir, next int64) {
	t.Helper()
	if err := d.Save(State{Next: next}); err != nil {
		t.Fatal(err)
	}
}

func onRoll(session string, revoked ...int64) (entries []Entry) {
	entries = append(entries, Entry{Session: session, Key: []byte("key of " + session), Identity: "ann"})
	for _, token := range revoked {
		entries = append(entries, Entry{Session: session, Revoked: token})
	}
	return entries
}

// crash closes a directory as a crash does, and opens it again.
func crash(t *testing.T, d *Dir) (*Roll, bool) {
	t.Helper()
	_ = d.Close()
	_, r, ok := openWithRoll(t, d.path, Disk{})
	return r, ok
}

// The next run finds the roll as the last change has left it.
func TestRoll(t *testing.T) {
	d, r, ok := openWithRoll(t, t.TempDir(), Disk{})
	saveNext(t, d, 100)
	if ok || r.Exists() {
		t.Error("a new directory has a roll")
	}
	change(t, r, onRoll("b")...)
	change(t, r, append(onRoll("a"), onRoll("c")...)...)
	change(t, r, Entry{Session: "b", Revoked: 7}, Entry{Session: "b", Revoked: 8}, Entry{Session: "a", Ends: true})
	change(t, r, Entry{Session: "b", Key: []byte("another key")}, Entry{Session: "b", Revoked: 8}) // forgets 7
	change(t, r, Entry{Session: "gone", Revoked: 9}, Entry{})
	want := append([]Entry{{}, {Session: "b", Key: []byte("another key")}}, onRoll("b", 8)[1:]...)
	want = append(want, onRoll("c")...)
	again, ok := crash(t, d)
	if got := again.Entries(); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %t %+v, want %+v", ok, got, want)
	}
}

// A run that knows nothing of the roll, such as one of an earlier version, makes it useless: it may have granted to
// anybody what the sessions on the roll held.
func TestRollOfAnEarlierRun(t *testing.T) {
	d, r, _ := openWithRoll(t, t.TempDir(), Disk{})
	saveNext(t, d, 100)
	change(t, r, onRoll("a")...)
	change(t, r, Entry{Next: 200}) // first the roll, then the state
	saveNext(t, d, 200)
	r, ok := crash(t, d)
	if !ok || len(r.Entries()) != 1 {
		t.Fatalf("got %t %+v", ok, r.Entries())
	}
	saveNext(t, r.dir, 300) // by a run that does not tell the roll
	if r, ok = crash(t, r.dir); ok || len(r.Entries()) != 0 {
		t.Errorf("got %t %+v", ok, r.Entries())
	}
}

// A roll that is damaged or torn is useless.
func TestDamagedRoll(t *testing.T) {
	d, r, _ := openWithRoll(t, t.TempDir(), Disk{})
	saveNext(t, d, 100)
	change(t, r, onRoll("a")...)
	change(t, r, onRoll("b")...)
	path := filepath.Join(d.path, rollName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	check := func(damaged []byte) {
		t.Helper()
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(d.path)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok, _ := d.OpenRoll(); ok || len(r.Entries()) != 0 {
			t.Errorf("%q: got %t %+v", damaged, ok, r.Entries())
		}
		_ = d.Close()
	}
	for n := range whole {
		damaged := bytes.Clone(whole)
		damaged[n] ^= 1
		check(damaged)
		if n > 0 && whole[n-1] != '\n' {
			check(whole[:n])
		}
	}
}

// After an error the caller tries again, and then everything is on the disk, whatever a part of the file has become.
func TestRollOnAFailingDisk(t *testing.T) {
	for _, operation := range []string{"create", "write", "sync", "rename", "sync the directory"} {
		t.Run(operation, func(t *testing.T) {
			disk := &failing{}
			d, r, _ := openWithRoll(t, t.TempDir(), disk)
			saveNext(t, d, 100)
			change(t, r, onRoll("a")...)
			if operation != "write" && operation != "sync" {
				r.close() // so that the file is replaced
			}
			disk.operation, disk.err = operation, errors.New("broken")
			if err := r.Change(onRoll("b")); err == nil {
				t.Error("no error")
			}
			disk.operation = ""
			change(t, r, append(onRoll("b"), onRoll("c")...)...)
			change(t, r, onRoll("d")...)
			again, ok := crash(t, d)
			if got := again.Entries(); !ok || len(got) != 4 {
				t.Errorf("got %t %+v", ok, got)
			}
		})
	}
}

// The file does not grow without end.
func TestRollIsCompacted(t *testing.T) {
	d, r, _ := openWithRoll(t, t.TempDir(), Disk{})
	saveNext(t, d, 100)
	for range 10_000 {
		change(t, r, append(onRoll("a"), Entry{Session: "a", Ends: true})...)
	}
	text, err := os.ReadFile(filepath.Join(d.path, rollName))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 1100 {
		t.Errorf("the file has %d lines", lines)
	}
}
