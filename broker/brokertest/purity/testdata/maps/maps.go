// Package maps returns a map, for a test.
package maps

// Get returns a map.
func Get() map[int]bool { return nil }
