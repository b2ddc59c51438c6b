package statedir

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// If this variable is set, the test binary saves one state after another in the directory that it
// names, and reports each, until it is killed.
const saverVariable = "STATEDIR_TEST_SAVER"

func TestMain(m *testing.M) {
	if path := os.Getenv(saverVariable); path != "" {
		save(path)
	}
	os.Exit(m.Run())
}

func save(path string) {
	d, err := Open(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s, _ := d.State()
	for {
		s.Next++
		if err := d.Save(s); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.Next)
	}
}

func TestFirstUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "down")
	d := mustOpen(t, path)
	if s, used := d.State(); used {
		t.Errorf("a new directory has the state %+v", s)
	}
	want := State{Next: 5, Timeout: time.Second}
	if err := d.Save(want); err != nil {
		t.Fatal(err)
	}
	mustClose(t, d)
	d = mustOpen(t, path)
	defer mustClose(t, d)
	if s, used := d.State(); !used || s != want {
		t.Errorf("got %+v, %t", s, used)
	}
}

func TestOneBrokerAtATime(t *testing.T) {
	path := t.TempDir()
	d := mustOpen(t, path)
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "another broker is using it") {
		t.Errorf("the second got %v", err)
	}
	mustClose(t, d)
	mustClose(t, mustOpen(t, path))
}

// If somebody moves the directory or removes the lock file, a second broker can open the directory.
// The first must then not overwrite what the second has saved.
func TestLockFileIsRemoved(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"removed": func(path string) error { return os.Remove(filepath.Join(path, lockName)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			first := mustOpen(t, path)
			mustSave(t, first, State{Next: 100})
			if err := take(path); err != nil {
				t.Fatal(err)
			}
			second := mustOpen(t, path)
			want := State{Next: 1000, Timeout: time.Second}
			mustSave(t, second, want)
			if err := first.Save(State{Next: 200, Clean: true}); err == nil ||
				!strings.Contains(err.Error(), "was moved") {
				t.Errorf("the first broker still saves: %v", err)
			}
			mustClose(t, first)
			mustClose(t, second)
			third := mustOpen(t, path)
			defer mustClose(t, third)
			if s, _ := third.State(); s != want {
				t.Errorf("got %+v, want what the second broker has saved, %+v", s, want)
			}
		})
	}
}

func mustSave(t *testing.T, d *Dir, s State) {
	t.Helper()
	if err := d.Save(s); err != nil {
		t.Fatal(err)
	}
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	path := t.TempDir()
	write(t, filepath.Join(path, "thesis.tex"), "important")
	_, err := Open(path)
	if err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("got %v", err)
	}
	if names := list(t, path); !slices.Equal(names, []string{"thesis.tex"}) {
		t.Errorf("left behind: %q", names)
	}
}

func TestFileIsNotADirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "")
	if _, err := Open(path); err == nil {
		t.Error("no error")
	}
}

// A damaged state is refused, and the file is left for people to examine.
func TestUnreadableStateIsRefused(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "torn": `{"lockbroker_state":1,"next`,
		"foreign": "hello\n"} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			file := filepath.Join(path, stateName)
			write(t, file, content)
			for range 2 {
				_, err := Open(path)
				if err == nil || !strings.Contains(err.Error(), path) ||
					!strings.Contains(err.Error(), "Restore the file") {
					t.Errorf("got %v", err)
				}
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != content {
				t.Errorf("the file is now %q, %v", got, err)
			}
		})
	}
	t.Run("directory", func(t *testing.T) {
		path := t.TempDir()
		if err := os.Mkdir(filepath.Join(path, stateName), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil {
			t.Error("no error")
		}
	})
}

func TestUnfinishedFilesAreClearedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "[a]*") // not a glob
	mustClose(t, mustOpen(t, path))
	write(t, filepath.Join(path, "state.tmp-123"), "half")
	mustClose(t, mustOpen(t, path))
	if names := list(t, path); !slices.Equal(names, []string{lockName}) {
		t.Errorf("left behind: %q", names)
	}
}

func TestInvalidSaveIsRefused(t *testing.T) {
	path := t.TempDir()
	d := mustOpen(t, path)
	if err := d.Save(State{Next: 10}); err != nil {
		t.Fatal(err)
	}
	if d.Save(State{Next: 9}) == nil {
		t.Error("a save with lower tokens succeeded")
	}
	if d.Save(State{}) == nil {
		t.Error("a state out of range was saved")
	}
	if s, _ := d.State(); s.Next != 10 {
		t.Errorf("the state is now %+v", s)
	}
	mustClose(t, d)
	if err := d.Save(State{Next: 11}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestSaveFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	d := mustOpen(t, path)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(State{Next: 2}); err == nil {
		t.Error("no error although the directory has gone")
	}
	mustClose(t, d)
}

// Each step is on the disk before the next one begins. If a step fails, the later ones do not
// happen, and the new file is removed.
func TestOrderOfReplacing(t *testing.T) {
	content := func(int64) ([]byte, error) { return []byte("content"), nil }
	steps := []string{"create", "write", "sync", "close", "rename", "syncDir"}
	for n := range steps {
		f := &scriptedFiles{failAt: steps[n]}
		if replace(f, "dir", stateName, content) == nil {
			t.Errorf("%s failed, and no error", steps[n])
		}
		want := slices.Clone(steps[:n+1])
		if steps[n] == "write" || steps[n] == "sync" {
			want = append(want, "close")
		}
		if n > 0 && steps[n] != "syncDir" {
			want = append(want, "remove")
		}
		if !slices.Equal(f.did, want) {
			t.Errorf("%s failed: did %q, want %q", steps[n], f.did, want)
		}
	}
	f := &scriptedFiles{}
	if err := replace(f, "dir", stateName, content); err != nil || !slices.Equal(f.did, steps) {
		t.Errorf("did %q, %v", f.did, err)
	}
}

// For each new directory, the one above it is flushed to the disk. Directories that already exist
// are not touched.
func TestNewDirectoriesAreFlushed(t *testing.T) {
	top := t.TempDir()
	f := &realFiles{}
	path := filepath.Join(top, "a", "b")
	if err := makeDir(f, path, dirMode); err != nil {
		t.Fatal(err)
	}
	if want := []string{top, filepath.Join(top, "a")}; !slices.Equal(f.synced, want) {
		t.Errorf("synced %q, want %q", f.synced, want)
	}
	f.synced = nil
	if err := makeDir(f, path, dirMode); err != nil || len(f.synced) > 0 {
		t.Errorf("the second time: %v, synced %q", err, f.synced)
	}
	list(t, path) // the directory exists
}

// realFiles is the real disk. It records which directories were flushed.
type realFiles struct {
	Disk
	synced []string
}

func (f *realFiles) SyncDir(path string) error {
	f.synced = append(f.synced, path)
	return f.Disk.SyncDir(path)
}

// scriptedFiles records each operation, and fails at a given one.
type scriptedFiles struct {
	failAt string
	did    []string
}

func (f *scriptedFiles) do(step string) error {
	f.did = append(f.did, step)
	if step == f.failAt {
		return errors.New(step + " fails")
	}
	return nil
}

func (f *scriptedFiles) Mkdir(string, fs.FileMode) error     { return f.do("mkdir") }
func (f *scriptedFiles) Create(string, string) (File, error) { return f, f.do("create") }
func (f *scriptedFiles) Rename(string, string) error         { return f.do("rename") }
func (f *scriptedFiles) Remove(string) error                 { return f.do("remove") }
func (f *scriptedFiles) SyncDir(string) error                { return f.do("syncDir") }
func (f *scriptedFiles) Born(string) int64                   { return 0 }
func (f *scriptedFiles) Name() string                        { return "temp" }
func (f *scriptedFiles) Write(p []byte) (int, error)         { return len(p), f.do("write") }
func (f *scriptedFiles) Sync() error                         { return f.do("sync") }
func (f *scriptedFiles) Close() error                        { return f.do("close") }

// A process that is killed while it saves leaves either the last state that it has reported or the
// next one.
func TestKilledWhileSaving(t *testing.T) {
	path := t.TempDir()
	d := mustOpen(t, path)
	if err := d.Save(State{Next: 1}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, d)
	for range 10 {
		said := saveAndKill(t, path)
		d := mustOpen(t, path)
		if s, used := d.State(); !used || fmt.Sprint(s.Next) != said && fmt.Sprint(s.Next-1) != said {
			t.Errorf("saved %s, and found %+v", said, s)
		}
		mustClose(t, d)
	}
}

// saveAndKill returns the last state that the process has reported as saved.
func saveAndKill(t *testing.T, path string) (said string) {
	t.Helper()
	saver := exec.CommandContext(t.Context(), os.Args[0])
	saver.Env = append(os.Environ(), saverVariable+"="+path)
	out, err := saver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := saver.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		said = lines.Text()
		if n == 20 {
			_ = saver.Process.Kill()
		}
	}
	_ = saver.Wait() // killed
	return said
}

func mustOpen(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustClose(t *testing.T, d *Dir) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
