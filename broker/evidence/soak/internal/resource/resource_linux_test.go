package resource

import (
	"path/filepath"
	"testing"
)

// TestWrite checks that a cell refuses a token below one that it has seen, through another mapping too.
func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resource")
	if err := Create(path, 2); err != nil {
		t.Fatal(err)
	}
	var mappings [2]*Resource
	for n := range mappings {
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		mappings[n] = r
	}
	for _, write := range []struct {
		mapping, cell int
		token         int64
		want          bool
	}{
		{0, 0, 5, true}, {1, 0, 4, false}, {1, 1, 4, true}, {1, 0, 5, true}, {1, 0, 6, true}, {0, 0, 5, false},
	} {
		if got := mappings[write.mapping].Write(write.cell, write.token); got != write.want {
			t.Errorf("%+v: accepted: %v", write, got)
		}
	}
}
