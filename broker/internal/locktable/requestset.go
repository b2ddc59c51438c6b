package locktable

import "github.com/lockbroker/lockbroker/broker/internal/shrink"

// A requestSet holds the requests of a session that have not ended, by the n of session--n.
//
// The numbers of a session grow, so requests that are looked up one after another have
// numbers that are close to one another. A chunk holds 31 of them side by side, and fills
// 256 bytes. A hand-off in a session of 100,000 requests takes 1.3 to 1.45 times as long as in a
// session of 2 (BenchmarkFlat). With a map entry for each request it took 1.75 to 2.0 times as
// long, because of cache misses.
type requestSet struct {
	chunks shrink.Map[int64, *chunk]
	len    int
	spare  *chunk // an empty one, for the next: a session often has one request at a time
}

const chunkSize = 31

type chunk struct {
	len      int
	requests [chunkSize]*request
}

// get returns the request with that number, or nil.
func (s *requestSet) get(n int64) *request {
	if c := s.chunks.Get(n / chunkSize); c != nil {
		return c.requests[n%chunkSize]
	}
	return nil
}

// add adds a request whose number is not in the set.
func (s *requestSet) add(r *request) {
	c := s.chunks.Get(r.n / chunkSize)
	if c == nil {
		c, s.spare = s.spare, nil
		if c == nil {
			c = &chunk{}
		}
		s.chunks.Set(r.n/chunkSize, c)
	}
	c.requests[r.n%chunkSize] = r
	c.len++
	s.len++
}

// remove removes a request that is in the set.
func (s *requestSet) remove(r *request) {
	c := s.chunks.Get(r.n / chunkSize)
	c.requests[r.n%chunkSize] = nil
	c.len--
	s.len--
	if c.len == 0 {
		s.chunks.Delete(r.n / chunkSize)
		s.spare = c
	}
}
