package access

import (
	"runtime"
	"sync"
	"weak"
)

// A partCache lets the permissions of many sessions share their parts. Otherwise 20,000 sessions under
// 1,000 rules would need gigabytes. It keeps a part for as long as a session uses it.
type partCache struct {
	mu    sync.Mutex
	parts map[string]weak.Pointer[permissionPart]
}

func newPartCache() *partCache {
	return &partCache{parts: map[string]weak.Pointer[permissionPart]{}}
}

// part returns the part with a key. The same key always has the same grants.
func (c *partCache) part(key string, grants []grant) *permissionPart {
	c.mu.Lock()
	defer c.mu.Unlock()
	if part := c.parts[key].Value(); part != nil {
		return part
	}
	part := newPart(grants)
	c.parts[key] = weak.Make(part)
	runtime.AddCleanup(part, c.remove, key)
	return part
}

// remove removes a part that no session uses, unless there is a new one with its key.
func (c *partCache) remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parts[key].Value() == nil {
		delete(c.parts, key)
	}
}
