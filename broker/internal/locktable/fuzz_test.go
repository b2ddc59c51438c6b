package locktable

import (
	"math/rand/v2"
	"testing"
)

// FuzzPrograms is TestPrograms with bytes from the fuzzer.
func FuzzPrograms(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	for seed := range uint64(20) {
		f.Add(randomBytes(seed, 1+int(seed)*75))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		p := &program{bytes: bytes[:min(len(bytes), 4000)]}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	})
}

func randomBytes(seed uint64, n int) []byte {
	random := rand.New(rand.NewPCG(seed, seed))
	bytes := make([]byte, n)
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return bytes
}
