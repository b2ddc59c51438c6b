package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// The files in the directory.
const (
	stateName = "state"
	lockName  = "lock"
	tempName  = "state.tmp-*" // stays behind if a run is killed while it writes
)

// A Dir is an open state directory. It is not safe for concurrent use.
type Dir struct {
	files    Files
	path     string
	lock     *flock.Flock
	state    State
	used     bool   // the directory has a state
	sum      uint32 // of the state file, if there is a state
	snapshot bool   // there may be a snapshot
	restored bool   // the state was read from a copy of the file
}

// Open opens the directory, and creates it if it does not exist. Apart from file system errors, it
// fails in three cases: another broker has the directory open, the state file is damaged, or the
// directory contains other files but no state. In the last case it may belong to another program.
func Open(path string) (*Dir, error) { return OpenOn(Disk{}, path) }

// OpenOn is Open with other Files, for tests. It still reads directly from this machine's disk.
func OpenOn(files Files, path string) (*Dir, error) {
	d, err := open(files, path)
	if err != nil {
		return nil, fmt.Errorf("state directory %s: %w", path, err)
	}
	return d, nil
}

func open(files Files, path string) (*Dir, error) {
	if err := makeDir(files, filepath.Clean(path), dirMode); err != nil {
		return nil, err
	}
	if err := checkFiles(path); err != nil {
		return nil, err
	}
	d := &Dir{files: files, path: path, lock: flock.New(filepath.Join(path, lockName), flock.SetPermissions(0o600))}
	locked, err := d.lock.TryLock()
	switch {
	case err != nil:
		return nil, err
	case !locked:
		return nil, errors.New("another broker is using it")
	}
	if err := d.read(); err != nil {
		return nil, errors.Join(err, d.lock.Close())
	}
	return d, nil
}

// checkFiles refuses a directory that contains other files but no state: a mistyped path must not
// count as a first use.
func checkFiles(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	foreign := ""
	for _, e := range entries {
		switch name := e.Name(); {
		case name == stateName:
			return nil
		case name == lockName, name == "lost+found", isTemp(name):
		default:
			foreign = name
		}
	}
	if foreign != "" {
		return fmt.Errorf("it has no state of a broker, but other files, such as %q: "+
			"use an empty directory the first time", foreign)
	}
	return nil
}

func isTemp(name string) bool {
	return strings.HasPrefix(name, strings.TrimSuffix(tempName, "*"))
}

// read reads the state, if there is one. It also removes unfinished files. It ignores errors in
// doing so, because nobody reads these files.
func (d *Dir) read() error {
	leftovers, err := filepath.Glob(filepath.Join(escapeGlob(d.path), tempName))
	if err != nil {
		return err
	}
	for _, leftover := range leftovers {
		_ = d.files.Remove(leftover)
	}
	file, err := os.ReadFile(d.statePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var r record
	if err == nil {
		r, err = decode(file)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be used: %w. Tokens could repeat, so the broker does not start. "+
			"Restore the file. If nothing checks the old tokens, you may move it away instead",
			stateName, err)
	}
	d.state, d.used, d.sum = r.state(), true, checksum(file)
	d.restored = r.isCopy(d.files.Born(d.statePath()))
	return nil
}

func escapeGlob(path string) string {
	if os.PathSeparator == '\\' {
		return path // on Windows, filepath.Glob has no escapes
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (d *Dir) statePath() string { return filepath.Join(d.path, stateName) }

// State returns the last state saved, and whether there is one.
func (d *Dir) State() (State, bool) { return d.state, d.used }

// Restored reports whether the state was read from a copy of the file that a run saved. In that
// case, somebody has restored it from a backup, or moved the directory to another file system, and
// later runs may have given out greater tokens.
//
// Restored returns false if it cannot tell: the file system does not record when files are created,
// an earlier version of the broker saved the state, or the whole file system was restored.
func (d *Dir) Restored() bool { return d.restored }

// Save replaces the state. If it returns nil, the new state is on the disk. If it returns an error,
// either the old or the new state is on the disk. Next must not decrease.
func (d *Dir) Save(s State) error {
	if err := d.save(s); err != nil {
		return fmt.Errorf("state directory %s: %w", d.path, err)
	}
	return nil
}

func (d *Dir) save(s State) error {
	switch {
	case d.lock == nil:
		return fs.ErrClosed
	case d.used && s.Next < d.state.Next:
		return fmt.Errorf("the next token must not fall: it is %d after %d", s.Next, d.state.Next)
	}
	if err := recordOf(s, 0).check(); err != nil {
		return err
	}
	if err := d.checkLock(); err != nil {
		return err
	}
	var sum uint32
	compose := func(born int64) ([]byte, error) {
		content, err := recordOf(s, born).encode()
		sum = checksum(content)
		return content, err
	}
	if err := replace(d.files, d.path, stateName, compose); err != nil {
		return err
	}
	d.state, d.used, d.sum = s, true, sum
	d.dropSnapshot()
	return nil
}

// checkLock returns an error if d no longer holds the lock of the directory that is at its path. In
// that case, somebody has moved the directory or removed the lock file, and another broker may be
// using what is there now.
func (d *Dir) checkLock() error {
	held, err := d.lock.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(d.lock.Path())
	if err != nil || !os.SameFile(held, there) {
		return fmt.Errorf("%s is no longer the file that this broker has locked: "+
			"the directory was moved, or the file was removed", lockName)
	}
	return nil
}

// Close unlocks the directory, so that others can open it.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock = nil
	return err
}
