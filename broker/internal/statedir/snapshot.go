package statedir

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A snapshot is a second file, which a run that stops leaves to the next one. It is bound to the state that was saved
// just before it: it has the checksum of that state's file. Every run saves another state before it grants anything. So
// a snapshot is used at most once, whatever happens to its file, and never after a run that knows nothing of it.

const snapshotName = "snapshot"

// SaveSnapshot saves what write writes, together with the present state. There must be one. The snapshot is on the disk
// if SaveSnapshot returns nil.
func (d *Dir) SaveSnapshot(write func(io.Writer) error) error {
	if err := d.saveSnapshot(write); err != nil {
		return fmt.Errorf("state directory %s: snapshot: %w", d.path, err)
	}
	return nil
}

func (d *Dir) saveSnapshot(write func(io.Writer) error) error {
	if d.lock == nil {
		return fs.ErrClosed
	}
	if err := d.checkLock(); err != nil {
		return err
	}
	var content bytes.Buffer
	content.WriteString(bindingOf(d.sum))
	if err := write(&content); err != nil {
		return err
	}
	content.WriteString(sumLine(content.Bytes()))
	d.snapshot = true
	return replace(d.files, d.path, snapshotName, func(int64) ([]byte, error) { return content.Bytes(), nil })
}

// Snapshot returns what the last run has saved with SaveSnapshot, or nil if it has saved nothing, or something that is
// not bound to the state. An error says that there is a snapshot, but that it cannot be used.
func (d *Dir) Snapshot() ([]byte, error) {
	file, err := os.ReadFile(d.snapshotPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	d.snapshot = true
	if d.restored || !d.used {
		return nil, nil // it may be older than the last run
	}
	rest, bound := bytes.CutPrefix(file, []byte(bindingOf(d.sum)))
	if !bound {
		return nil, nil
	}
	end := len(file) - len(sumLine(nil))
	if end < len(file)-len(rest) || sumLine(file[:end]) != string(file[end:]) {
		return nil, errors.New("it is torn or was changed: the checksum does not match")
	}
	return file[len(file)-len(rest) : end], nil
}

// dropSnapshot removes the snapshot once another state is saved. It may fail: the snapshot is of no use any more.
func (d *Dir) dropSnapshot() {
	if d.snapshot {
		d.snapshot = false
		_ = d.files.Remove(d.snapshotPath())
	}
}

func (d *Dir) snapshotPath() string { return filepath.Join(d.path, snapshotName) }

// bindingOf returns the first line of a snapshot that is bound to a state file with that checksum.
func bindingOf(sum uint32) string { return fmt.Sprintf("state crc32c %08x\n", sum) }

// sumLine returns the line with the checksum of content.
func sumLine(content []byte) string { return fmt.Sprintf("crc32c %08x\n", checksum(content)) }

func checksum(content []byte) uint32 {
	return crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli))
}
