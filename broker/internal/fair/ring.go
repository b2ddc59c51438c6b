package fair

// An account holds what a flow or a share may still spend before its turn is over. A negative
// credit is a debt. When the owner wants no more turns, it keeps a debt but loses a credit.
type account struct{ credit int }

func (a *account) balance() *int { return &a.credit }

// begin grants the credit for a first turn, unless there is a debt.
func (a *account) begin() {
	if a.credit >= 0 {
		a.credit = Quantum
	}
}

// rest drops a credit but keeps a debt.
func (a *account) rest() { a.credit = min(a.credit, 0) }

// A ring holds members that take turns, in order.
type ring[P interface {
	*T
	balance() *int
}, T any] struct {
	members []P // a circular buffer that begins at first
	first   int
	count   int
}

func (r *ring[P, T]) len() int { return r.count }

// at returns the index in members of the i-th member.
func (r *ring[P, T]) at(i int) int { return (r.first + i) & (len(r.members) - 1) }

func (r *ring[P, T]) append(p P) {
	r.makeRoom()
	r.members[r.at(r.count)] = p
	r.count++
}

func (r *ring[P, T]) prepend(p P) {
	r.makeRoom()
	r.first = r.at(len(r.members) - 1)
	r.members[r.first] = p
	r.count++
}

// makeRoom makes room for one more member. The length of members is a power of two.
func (r *ring[P, T]) makeRoom() {
	if r.count < len(r.members) {
		return
	}
	larger := make([]P, max(1, 2*len(r.members)))
	for i := range r.count {
		larger[i] = r.members[r.at(i)]
	}
	r.members, r.first = larger, 0
}

// removeFirst removes the first member. A large ring that becomes empty frees its memory.
func (r *ring[P, T]) removeFirst() {
	r.members[r.first] = nil
	r.first = r.at(1)
	r.count--
	if r.count == 0 && len(r.members) > keptRoom {
		r.members, r.first = nil, 0
	}
}

const keptRoom = 1024

// next returns the member whose turn it is, and moves it to the front. Each member without credit
// is paid and moves to the end. If no member has credit after a whole round, next pays for several
// rounds at once, until one has.
func (r *ring[P, T]) next() P {
	for range r.count {
		p := r.members[r.first]
		if *p.balance() > 0 {
			return p
		}
		*p.balance() += Quantum
		r.rotate()
	}
	r.skipRounds()
	for *r.members[r.first].balance() <= 0 {
		r.rotate()
	}
	return r.members[r.first]
}

func (r *ring[P, T]) rotate() {
	p := r.members[r.first]
	r.members[r.first] = nil
	r.first = r.at(1)
	r.members[r.at(r.count-1)] = p
}

// skipRounds pays all members for as many rounds as it takes for one of them to have credit.
func (r *ring[P, T]) skipRounds() {
	best := *r.members[r.first].balance()
	for i := range r.count {
		best = max(best, *r.members[r.at(i)].balance())
	}
	if best > 0 {
		return
	}
	pay := (-best/Quantum + 1) * Quantum
	for i := range r.count {
		*r.members[r.at(i)].balance() += pay
	}
}
