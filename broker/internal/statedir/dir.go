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

// The files of the directory.
const (
	stateName = "state"
	lockName  = "lock"
	tempName  = "state.tmp-*" // left behind by a run that was killed while it wrote
)

// A Dir is an open state directory. It is not safe for concurrent use.
type Dir struct {
	files    Files
	path     string
	lock     *flock.Flock
	state    State
	used     bool // there is a state
	restored bool // which is not where it was saved
}

// Open opens the directory, and makes it if it is not there. It fails when
// another broker has it open, when its state cannot be read for certain, and
// when it has no state but other files, for it may be another's directory.
func Open(path string) (*Dir, error) { return OpenOn(Disk{}, path) }

// OpenOn is Open for other files than those of the disk, which it reads nevertheless.
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

// checkFiles refuses a directory that has no state but files of others: a
// mistyped path is not to be taken for a first use.
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
		return fmt.Errorf("it has no state of a broker, but other files, such as %q: give an empty directory for the first use", foreign)
	}
	return nil
}

func isTemp(name string) bool {
	return strings.HasPrefix(name, strings.TrimSuffix(tempName, "*"))
}

// read reads the state, if there is one, and clears away what was never finished, as
// far as the disk lets it: nobody reads that.
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
			"Restore the file; or, if nothing checks tokens of before any more, move it away", stateName, err)
	}
	d.state, d.used = r.state(), true
	d.restored = r.isCopy(d.files.Born(d.statePath()))
	return nil
}

func escapeGlob(path string) string {
	if os.PathSeparator == '\\' {
		return path // there, nothing escapes
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (d *Dir) statePath() string { return filepath.Join(d.path, stateName) }

// State returns what was saved last, and whether anything ever was.
func (d *Dir) State() (State, bool) { return d.state, d.used }

// Restored reports whether the state that was found is a copy of the file that a run
// has saved: somebody has restored it from a backup, or has moved the directory to another
// file system. Later runs may have given out greater tokens. Where the file system does not
// tell when a file was made, or a version of before has saved the state, it is false; so
// it is where a whole file system was set back.
func (d *Dir) Restored() bool { return d.restored }

// Save replaces the state. When it returns nil the new state is on the disk; when
// it returns an error the old one is, or the new one. Next must not decrease.
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
		return fmt.Errorf("next token is %d after %d", s.Next, d.state.Next)
	}
	if err := recordOf(s, 0).check(); err != nil {
		return err
	}
	if err := d.checkLock(); err != nil {
		return err
	}
	compose := func(born int64) ([]byte, error) { return recordOf(s, born).encode() }
	if err := replace(d.files, d.path, compose); err != nil {
		return err
	}
	d.state, d.used = s, true
	return nil
}

// checkLock fails when the lock that d holds is not that of the directory any more:
// somebody has moved the directory away, or removed the file, and another
// broker may be using what is there now.
func (d *Dir) checkLock() error {
	held, err := d.lock.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(d.lock.Path())
	if err != nil || !os.SameFile(held, there) {
		return fmt.Errorf("%s is not the file that this broker has locked: the directory was moved, or the file removed", lockName)
	}
	return nil
}

// Close lets others open the directory.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock = nil
	return err
}
