package statedir

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func leave(text string) func(io.Writer) error {
	return func(to io.Writer) error {
		_, err := io.WriteString(to, text)
		return err
	}
}

func snapshotOf(t *testing.T, path string) (text string, err error) {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	got, err := d.Snapshot()
	return string(got), err
}

// A snapshot belongs to the state that was saved before it. Another state makes it useless, whether its file is still
// there or not.
func TestSnapshot(t *testing.T) {
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Snapshot(); got != nil || err != nil {
		t.Errorf("an empty directory has a snapshot: %q %v", got, err)
	}
	saveNext(t, d, 100)
	if err := d.SaveSnapshot(leave("left\n")); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	for range 2 { // reading it changes nothing
		if got, err := snapshotOf(t, path); got != "left\n" || err != nil {
			t.Errorf("got %q %v", got, err)
		}
	}
	file := filepath.Join(path, snapshotName)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d, err = Open(path); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Snapshot(); err != nil {
		t.Fatal(err)
	}
	saveNext(t, d, 200)
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the snapshot was not removed: %v", err)
	}
	_ = d.Close()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := snapshotOf(t, path); got != "" || err != nil {
		t.Errorf("an old snapshot was used: %q %v", got, err)
	}
}

// A snapshot that is damaged is not used.
func TestDamagedSnapshot(t *testing.T) {
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	saveNext(t, d, 100)
	if err := d.SaveSnapshot(leave("left\n")); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	file := filepath.Join(path, snapshotName)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	check := func(damaged []byte) {
		t.Helper()
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := snapshotOf(t, path); got != "" {
			t.Errorf("%q: got %q %v", damaged, got, err)
		}
	}
	for n := range whole {
		check(whole[:n])
		damaged := append([]byte(nil), whole...)
		damaged[n] ^= 1
		check(damaged)
	}
}
