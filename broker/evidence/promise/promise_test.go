package promise

import (
	"errors"
	"fmt"
	"testing"
)

// Every promise has a name of its own.
func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for i, p := range All() {
		if int(p) != i+1 || texts[p] == "" || seen[texts[p]] {
			t.Errorf("promise %d is %q", i+1, p)
		}
		seen[texts[p]] = true
	}
	if got := Promise(len(texts)).String(); got != fmt.Sprintf("P%d", len(texts)) {
		t.Errorf("a promise that does not exist is %q", got)
	}
}

// A violation says which promise is broken, and how.
func TestViolation(t *testing.T) {
	err := fmt.Errorf("seed 7: %w", Violate(Lease, "%s holds", "c1"))
	var violation *Violation
	if !errors.As(err, &violation) || violation.Promise != Lease || err.Error() != "seed 7: P5 lease: c1 holds" {
		t.Errorf("got %v", err)
	}
}
