//go:build unix

package textfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Links are followed. A pipe is refused, not waited for.
func TestRead(t *testing.T) {
	directory := t.TempDir()
	file, link := filepath.Join(directory, "file"), filepath.Join(directory, "link")
	pipe, big := filepath.Join(directory, "pipe"), filepath.Join(directory, "big")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxBytes+1); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link} {
		if text, err := Read(name); err != nil || string(text) != "text" {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
	for _, name := range []string{directory, pipe, big, filepath.Join(directory, "missing")} {
		if text, err := Read(name); err == nil {
			t.Errorf("%s: got %d bytes, want an error", name, len(text))
		}
	}
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if got := IsPublic(link); got != want {
			t.Errorf("mode %v: got %v", mode, got)
		}
	}
}
