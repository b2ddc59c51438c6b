package locktable

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever programs do, the table and the oracle return the same, and the invariants hold after each
// command.
func TestPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1500).Draw(t, "length")
		p := &program{bytes: rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes")}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	})
}
