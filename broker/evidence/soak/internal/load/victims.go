//go:build linux

package load

import (
	"slices"
	"strings"
	"sync"
)

// A victims has the holders of loose locks in this process.
type victims struct {
	mu   sync.Mutex
	list []*holder
}

func (v *victims) add(h *holder) (remove func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.list = append(v.list, h)
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.list = slices.DeleteFunc(v.list, func(other *holder) bool { return other == h })
	}
}

// of returns the holders of a lock, or of all locks if the name is "".
func (v *victims) of(name string) []*holder {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []*holder
	for _, h := range v.list {
		if name == "" || h.record.Locks[0].Name == name {
			list = append(list, h)
		}
	}
	return list
}

// kindOf returns the kind in the name of a lock.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, "/")
	return kind
}
