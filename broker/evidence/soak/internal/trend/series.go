package trend

// A Sample is one measurement.
type Sample struct {
	At    float64 `json:"at"` // hours since any fixed instant
	Value float64 `json:"value"`
}

// A Series is a value measured over time, in blocks. The zero Series is empty.
type Series struct {
	// Warmup is how many samples at the beginning of each block do not count.
	Warmup int
	blocks [][]Sample
}

// Begin starts a new block.
func (s *Series) Begin() { s.blocks = append(s.blocks, nil) }

// Add appends a sample to the current block. The samples of a block must be in the order of time.
func (s *Series) Add(sample Sample) {
	if len(s.blocks) == 0 {
		s.Begin()
	}
	last := len(s.blocks) - 1
	s.blocks[last] = append(s.blocks[last], sample)
}

// Blocks returns the samples of each block, with those of the warm-up.
func (s *Series) Blocks() [][]Sample { return s.blocks }

// counted returns the samples that count: those after the warm-up, of the blocks that have at least least of them.
func (s *Series) counted(least int) [][]Sample {
	var counted [][]Sample
	for _, block := range s.blocks {
		if len(block)-s.Warmup >= least {
			counted = append(counted, block[s.Warmup:])
		}
	}
	return counted
}
