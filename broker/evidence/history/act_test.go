//go:build linux

package history

import "testing"

// TestActs checks that each kind of fault can be carried out.
func TestActs(t *testing.T) {
	for _, k := range kinds {
		if acts[k.name] == nil {
			t.Errorf("nothing carries out %s", k.name)
		}
		if k.end != "" && acts[k.end] == nil {
			t.Errorf("nothing carries out %s", k.end)
		}
	}
}
