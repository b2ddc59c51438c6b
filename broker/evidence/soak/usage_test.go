//go:build linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestUsage measures this process: an open file counts, and so does memory that is in use.
func TestUsage(t *testing.T) {
	pid := os.Getpid()
	before, err := residentBytes(pid)
	if err != nil {
		t.Fatal(err)
	}
	const size = 64 << 20
	memory := make([]byte, size)
	for n := 0; n < size; n += 4096 {
		memory[n] = 1
	}
	after, err := residentBytes(pid)
	if err != nil || after < before+size/2 {
		t.Errorf("%d bytes resident before %d bytes were used, then %d: %v", before, size, after, err)
	}
	if memory[0] != 1 {
		t.Error("the memory was not used")
	}
	if _, err := residentBytes(-1); err == nil {
		t.Error("a process that does not exist has a size")
	}
	open, err := descriptors(pid)
	if err != nil || open < 3 {
		t.Errorf("%d descriptors, %v", open, err)
	}
	waits := make(map[string]time.Duration)
	if readWaits(pid, waits); len(waits) == 0 {
		t.Error("no thread of this process has waited for a processor: the kernel does not tell")
	}
}

func TestFolderBytes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := folderBytes(dir); err != nil || got != 100 {
		t.Errorf("%d bytes, %v; want 100", got, err)
	}
	if _, err := folderBytes(filepath.Join(dir, "missing")); err == nil {
		t.Error("a folder that does not exist has a size")
	}
}

// TestPauses checks that a pause excuses a loss that comes soon after it, or shortly before it is noted.
func TestPauses(t *testing.T) {
	p := &pauses{limit: time.Minute}
	now := time.Now()
	if p.near(now) {
		t.Error("there was no pause")
	}
	p.note()
	for _, test := range []struct {
		loss time.Duration
		want bool
	}{{-time.Minute, true}, {time.Minute, true}, {5 * time.Minute, false}} {
		if got := p.near(now.Add(test.loss)); got != test.want {
			t.Errorf("a loss %v after the pause is excused: %v", test.loss, got)
		}
	}
}

// TestFlags checks that wrong flags are refused.
func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-clients", "0"}, {"-for", "soon"}, {"extra"}, {"-session-timeout", "0s"}} {
		if c, err := parseFlags(args, io.Discard); err == nil {
			t.Errorf("%q gives %+v", args, c)
		}
	}
	if c, err := parseFlags(nil, io.Discard); err != nil || c.names() != 14 {
		t.Errorf("%+v, %v", c, err)
	}
}
