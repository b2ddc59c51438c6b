package statedir

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A copy of the state file is noticed, however it was made, until the broker saves a state itself.
func TestRestoredState(t *testing.T) {
	for name, restore := range map[string]func(t *testing.T, backup, state string){
		"moved into place": func(t *testing.T, backup, state string) {
			if err := os.Rename(backup, state); err != nil {
				t.Fatal(err)
			}
		},
		"written over what is there": func(t *testing.T, backup, state string) {
			content, info := read(t, backup)
			write(t, state, content)
			if err := os.Chtimes(state, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		},
		"in a directory that was lost": func(t *testing.T, backup, state string) {
			if err := os.RemoveAll(filepath.Dir(state)); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Dir(state), 0o700); err != nil {
				t.Fatal(err)
			}
			content, _ := read(t, backup)
			write(t, state, content)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, backup := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "backup")
			state := filepath.Join(path, stateName)
			d := mustOpen(t, path)
			needsBirth(t, path)
			mustSave(t, d, State{Next: 100, Clean: true})
			content, _ := read(t, state)
			afterAll(t, path)
			write(t, backup, content)
			mustSave(t, d, State{Next: 1000, Clean: true})
			mustClose(t, d)
			restore(t, backup, state)

			d = mustOpen(t, path)
			if s, _ := d.State(); !d.Restored() || s.Next != 100 {
				t.Errorf("restored: %t, state %+v", d.Restored(), s)
			}
			mustSave(t, d, State{Next: 200})
			mustClose(t, d)
			d = mustOpen(t, path)
			defer mustClose(t, d)
			if d.Restored() {
				t.Error("a state that the broker saved itself counts as restored")
			}
		})
	}
}

// Ordinary work on a directory does not count as a restoration.
func TestOrdinaryWorkIsNoRestoration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	d := mustOpen(t, path)
	mustSave(t, d, State{Next: 100, Clean: true})
	mustClose(t, d)
	state := filepath.Join(path, stateName)
	if err := os.Chmod(state, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(state, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(state, filepath.Join(t.TempDir(), "backup")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+"2"); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, path+"2")
	defer mustClose(t, d)
	if d.Restored() {
		t.Error("the state counts as restored")
	}
}

func read(t *testing.T, path string) (string, os.FileInfo) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content), info
}

// afterAll waits until a new file would be newer than all existing ones. The clock of a file system
// ticks only every few milliseconds.
func afterAll(t *testing.T, dir string) {
	t.Helper()
	probe := filepath.Join(t.TempDir(), "probe")
	for begin := born(filepath.Join(dir, stateName)); ; {
		write(t, probe, "")
		if born(probe) > begin {
			return
		}
		if err := os.Remove(probe); err != nil {
			t.Fatal(err)
		}
	}
}

// needsBirth skips a test if the file system does not record when files are created.
func needsBirth(t *testing.T, dir string) {
	t.Helper()
	if born(filepath.Join(dir, lockName)) > 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("the file system does not record when a file was made, so nothing was tested")
	}
	t.Skip("the file system does not record when a file was made")
}
