package locktable

// A pile is a stack that may become very large. It grows in chunks and never copies its
// elements, because others would have to wait while it did.
type pile[T any] struct {
	chunks [][]T
	len    int
}

const pileChunk = 1024

func (p *pile[T]) add(e T) {
	if p.len%pileChunk == 0 {
		p.chunks = append(p.chunks, nil)
	}
	last := len(p.chunks) - 1
	p.chunks[last] = append(p.chunks[last], e)
	p.len++
}

func (p *pile[T]) at(i int) T { return p.chunks[i/pileChunk][i%pileChunk] }

// pop removes the last element and returns it.
func (p *pile[T]) pop() T {
	p.len--
	last := len(p.chunks) - 1
	chunk := p.chunks[last]
	e := chunk[len(chunk)-1]
	p.chunks[last] = chunk[:len(chunk)-1]
	if len(chunk) == 1 {
		p.chunks = p.chunks[:last]
	}
	return e
}
