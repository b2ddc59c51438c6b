package locktable

import (
	"math/rand/v2"
	"testing"
)

// FuzzPrograms is TestPrograms for the fuzzer.
func FuzzPrograms(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, seed))
		bytes := make([]byte, 1+random.IntN(1500))
		for i := range bytes {
			bytes[i] = byte(random.Uint32())
		}
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		p := &program{bytes: bytes[:min(len(bytes), 4000)]}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	})
}
