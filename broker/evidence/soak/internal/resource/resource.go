// Package resource is what the locks of the soak protect: cells in memory that all client processes share. A cell
// accepts a write unless it has seen a greater fencing token.
package resource

import (
	"fmt"
	"os"
	"sync/atomic"
)

// A Resource has cells, numbered from 0. Its methods may be called concurrently, and by several processes.
type Resource struct {
	memory []byte
	cells  []atomic.Int64
}

// cellSize is the size of an atomic.Int64.
const cellSize = 8

// Create makes a file with the given number of cells.
func Create(path string, cells int) error {
	if err := os.WriteFile(path, make([]byte, cells*cellSize), 0o600); err != nil {
		return fmt.Errorf("create resource: %w", err)
	}
	return nil
}

// Write writes with a token. It reports whether the cell accepted the write.
func (r *Resource) Write(cell int, token int64) bool {
	seen := &r.cells[cell]
	for {
		greatest := seen.Load()
		if token < greatest {
			return false
		}
		if seen.CompareAndSwap(greatest, token) {
			return true
		}
	}
}
