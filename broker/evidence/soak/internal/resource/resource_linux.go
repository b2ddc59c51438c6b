package resource

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Open maps a file that Create made.
func Open(path string) (*Resource, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open resource: %w", err)
	}
	defer func() { _ = file.Close() }() // the mapping stays
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open resource: %w", err)
	}
	memory, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map resource %s: %w", path, err)
	}
	// The mapping begins at a page, so its cells are aligned.
	first := (*atomic.Int64)(unsafe.Pointer(unsafe.SliceData(memory)))
	return &Resource{memory: memory, cells: unsafe.Slice(first, len(memory)/cellSize)}, nil
}

// Close unmaps the file.
func (r *Resource) Close() error { return unix.Munmap(r.memory) }
