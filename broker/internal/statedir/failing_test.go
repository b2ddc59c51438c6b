package statedir

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// A failing is a disk on which one operation, if set, fails. Create does nothing and Write writes
// half of the bytes; all other operations take effect before they return the error.
type failing struct {
	Disk
	operation string
	err       error
	created   []string
}

func (f *failing) fail(operation string) error {
	if operation == f.operation {
		return f.err
	}
	return nil
}

func (f *failing) Create(dir, pattern string) (File, error) {
	if err := f.fail("create"); err != nil {
		return nil, err
	}
	file, err := f.Disk.Create(dir, pattern)
	if err == nil {
		f.created = append(f.created, file.Name())
	}
	return &failingFile{file, f}, err
}

func (f *failing) Append(path string) (File, error) {
	file, err := f.Disk.Append(path)
	return &failingFile{file, f}, err
}

func (f *failing) Rename(from, to string) error {
	return errors.Join(f.Disk.Rename(from, to), f.fail("rename"))
}

func (f *failing) SyncDir(path string) error {
	return errors.Join(f.Disk.SyncDir(path), f.fail("sync the directory"))
}

type failingFile struct {
	File
	disk *failing
}

func (f *failingFile) Write(p []byte) (int, error) {
	if err := f.disk.fail("write"); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *failingFile) Sync() error  { return errors.Join(f.File.Sync(), f.disk.fail("sync")) }
func (f *failingFile) Close() error { return errors.Join(f.File.Close(), f.disk.fail("close")) }

// While the disk fails, in whatever way, no Save succeeds. After a crash there is a complete state,
// either the old or the new one. When the disk works again, Save succeeds, and with a new file: one
// whose flush has failed cannot be trusted.
func TestFailingDisk(t *testing.T) {
	for name, disk := range map[string]*failing{
		"full":                         {operation: "write", err: syscall.ENOSPC},
		"full, noticed on close":       {operation: "close", err: syscall.ENOSPC},
		"no room for a file":           {operation: "create", err: syscall.ENOSPC},
		"read-only":                    {operation: "create", err: syscall.EROFS},
		"flushing the file fails":      {operation: "sync", err: syscall.EIO},
		"renaming fails":               {operation: "rename", err: syscall.EIO},
		"flushing the directory fails": {operation: "sync the directory", err: syscall.EIO},
		"full, noticed on flush":       {operation: "sync", err: syscall.ENOSPC},
		"the user's quota is used up":  {operation: "write", err: syscall.EDQUOT},
	} {
		t.Run(name, func(t *testing.T) {
			operation := disk.operation
			disk.operation = ""
			path := filepath.Join(t.TempDir(), "state")
			d, err := OpenOn(disk, path)
			if err != nil {
				t.Fatal(err)
			}
			mustSave(t, d, State{Next: 100})
			disk.operation = operation
			for range 3 {
				if err := d.Save(State{Next: 200}); !errors.Is(err, disk.err) {
					t.Errorf("got %v", err)
				}
				if s, _ := d.State(); s.Next != 100 {
					t.Errorf("the state is now %+v", s)
				}
				if s := found(t, path); s.Next != 100 && s.Next != 200 {
					t.Errorf("a crash would leave %+v", s)
				}
			}
			disk.operation = ""
			mustSave(t, d, State{Next: 300})
			if s := found(t, path); s.Next != 300 {
				t.Errorf("a crash would leave %+v", s)
			}
			all := slices.Sorted(slices.Values(disk.created))
			if len(slices.Compact(all)) != len(disk.created) {
				t.Errorf("a file was written to again: %q", disk.created)
			}
			if names := list(t, path); !slices.Equal(names, []string{lockName, stateName}) {
				t.Errorf("left behind: %q", names)
			}
			mustClose(t, d)
		})
	}
}

// found returns the state that the next run would find if this one were killed now.
func found(t *testing.T, path string) State {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path, stateName))
	if err != nil {
		t.Fatal(err)
	}
	r, err := decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return r.state()
}
