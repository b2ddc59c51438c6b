package statedir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The roll is a third file: the sessions that may come back after a crash. It is a log of changes, each a line of JSON
// and its checksum. A line is written and flushed before the broker acts on it. The roll also has the limit of the
// fencing tokens, which is written there before it is written to the state. So a roll is of no use once a broker has
// run that knows nothing of it. Now and then, and after an error, the file is replaced by one without the changes
// that no longer count.

const rollName = "sessions"

// An Entry is a change of the roll. The zero Session stands for all sessions that cannot come back. An entry that puts
// a session on the roll begins anew: no token is revoked.
type Entry struct {
	Session  string `json:"session,omitempty"`
	Identity string `json:"identity,omitempty"`
	Key      []byte `json:"key,omitempty"`
	Ends     bool   `json:"ends,omitempty"`
	Revoked  int64  `json:"revoked,omitempty"` // of a session that is on the roll
	Next     int64  `json:"next,omitempty"`    // only this: the limit of the tokens
}

// A Roll is the roll of a directory. It is not safe for concurrent use.
type Roll struct {
	dir     *Dir
	entries map[string][]Entry // for each session the entry that has put it on the roll, and its revoked tokens
	next    int64              // the limit of the tokens
	exists  bool               // there is a file
	file    File               // open for appending; nil: the next change replaces the file
	lines   int                // in the file
	count   int                // of what is in entries
}

// Appender opens a file to append to. Disk has it; Files that tests pass may leave it out, and then each change
// replaces the file.
type Appender interface {
	Append(path string) (File, error)
}

// OpenRoll reads the roll. ok says that there is one, and that no run knows nothing of it. If the file is damaged, it
// returns an error, and there is no roll. This is so, too, if a power failure has torn the last lines, although nobody
// has acted on them: they look the same as others that were damaged later.
func (d *Dir) OpenRoll() (r *Roll, ok bool, err error) {
	r = &Roll{dir: d, entries: make(map[string][]Entry)}
	text, err := os.ReadFile(d.rollPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, false, nil
	case err == nil:
		err = r.read(text)
	}
	if err != nil {
		r.entries, r.count = make(map[string][]Entry), 0
		return r, false, fmt.Errorf("state directory %s: %s: %w", d.path, rollName, err)
	}
	if d.restored || r.next < d.state.Next {
		r.entries, r.count = make(map[string][]Entry), 0
		return r, false, nil
	}
	r.exists = true
	return r, true, nil
}

func (r *Roll) read(text []byte) error {
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		text = rest
		entry, ok := decodeEntry(line)
		if !ok || !whole {
			return errors.New("it is torn or was changed: a checksum does not match")
		}
		r.apply(entry)
	}
	return nil
}

// Exists reports whether there is a roll.
func (r *Roll) Exists() bool { return r.exists }

func (d *Dir) rollPath() string { return filepath.Join(d.path, rollName) }

// Entries returns the roll as it is: for each session, in the order of their names, the entry that has put it on the
// roll, and then its revoked tokens.
func (r *Roll) Entries() (all []Entry) {
	for _, name := range r.names() {
		all = append(all, r.entries[name]...)
	}
	return all
}

func (r *Roll) names() []string {
	names := make([]string, 0, len(r.entries))
	for name := range r.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Change makes changes, in order. They are on the disk if it returns nil. If it returns an error, each of them may be
// on the disk or not; the caller should try again, with the same changes and perhaps more.
func (r *Roll) Change(changes []Entry) error {
	if err := r.change(changes); err != nil {
		r.close()
		return fmt.Errorf("state directory %s: %s: %w", r.dir.path, rollName, err)
	}
	return nil
}

func (r *Roll) change(changes []Entry) error {
	if r.dir.lock == nil {
		return fs.ErrClosed
	}
	if err := r.dir.checkLock(); err != nil {
		return err
	}
	for _, c := range changes {
		r.apply(c)
	}
	if r.file == nil || r.lines > 2*r.count+1000 {
		return r.replace()
	}
	if _, err := r.file.Write(encodeEntries(changes)); err != nil {
		return err
	}
	r.lines += len(changes)
	return r.file.Sync()
}

// replace replaces the file by one that has only what still counts.
func (r *Roll) replace() error {
	r.close()
	all := append([]Entry{{Next: max(r.next, r.dir.state.Next)}}, r.Entries()...)
	compose := func(int64) ([]byte, error) { return encodeEntries(all), nil }
	err := replace(r.dir.files, r.dir.path, rollName, compose)
	if err != nil {
		return err
	}
	r.lines, r.exists = len(all), true
	if files, can := r.dir.files.(Appender); can {
		r.file, err = files.Append(r.dir.rollPath())
	}
	return err
}

// close closes the file, so that the next change replaces it. After a failed flush nothing may be appended to it: see
// replace.
func (r *Roll) close() {
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

// apply makes a change in memory. Making changes again, in the same order, changes nothing.
func (r *Roll) apply(c Entry) {
	known := r.entries[c.Session]
	r.count -= len(known)
	switch {
	case c.Next > 0:
		r.next = max(r.next, c.Next)
	case c.Ends:
		delete(r.entries, c.Session)
	case c.Revoked == 0:
		r.entries[c.Session] = []Entry{c}
	case len(known) > 0 && !slices.ContainsFunc(known, func(e Entry) bool { return e.Revoked == c.Revoked }):
		r.entries[c.Session] = append(known, c)
	}
	r.count += len(r.entries[c.Session])
}

func encodeEntries(entries []Entry) []byte {
	var text bytes.Buffer
	for _, e := range entries {
		line, _ := json.Marshal(e) // never fails: the fields are plain
		fmt.Fprintf(&text, "%s %08x\n", line, checksum(line))
	}
	return text.Bytes()
}

// decodeEntry decodes a line. It returns false if the line is damaged.
func decodeEntry(text []byte) (e Entry, ok bool) {
	at := bytes.LastIndexByte(text, ' ')
	if at < 0 || fmt.Sprintf("%08x", checksum(text[:at])) != string(text[at+1:]) {
		return e, false
	}
	return e, json.Unmarshal(text[:at], &e) == nil
}
