package locktable

// A place is the entry of a request at one of its locks: in the queue while the request
// waits, among the holders while it holds.
type place struct {
	request *request
	lock    *lock
	claim
	limitIndex int32 // its index among the limits of the lock, while it holds with a limit

	links[place]
}

// rank returns the number that orders the list of p: the token of a holder, or the arrival of a
// waiter.
func (p *place) rank() int64 {
	if p.request.state == holding {
		return p.request.token
	}
	return p.request.arrival
}

// before and setIndex order the limits of a lock's holders: the least comes first.
func (p *place) before(other *place) bool { return p.claim < other.claim }
func (p *place) setIndex(i int)           { p.limitIndex = int32(i) }
