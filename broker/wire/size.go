package wire

// Size is about how many bytes a reply takes, in memory or as JSON, rather more
// than less.
func Size(m Reply) int {
	switch m := m.(type) {
	case *InfoPage:
		n := 200
		for i := range m.Locks {
			n += m.Locks[i].Size()
		}
		return n
	case *Error:
		return 200 + len(m.ID.Session) + jsonLen(m.Message) + jsonLen(m.By) + sizeOf(m.Holders) + sizeOfSteps(m.Cycle)
	case *Chain:
		return 200 + sizeOfSteps(m.Chain)
	case *Change:
		return 200 + jsonLen(m.By) + jsonLen(m.Message) + jsonLen(m.Lock) + m.Request.Size()
	case *Lost:
		return 200 + jsonLen(m.By) + jsonLen(m.Message)
	}
	return 200
}

// Size is about how many bytes s takes, as in [Size].
func (s *Step) Size() int {
	return 100 + s.Request.Size() + jsonLen(s.Lock) + s.Blocker.Size()
}

// Size is about how many bytes l takes, as in [Size].
func (l *LockInfo) Size() int {
	return 300 + jsonLen(l.Name) + sizeOf(l.Holders) + sizeOf(l.Waiters)
}

// Size is about how many bytes r takes, as in [Size].
func (r *RequestInfo) Size() int {
	n := 300 + jsonLen(r.Author) + jsonLen(r.Client) + jsonLen(r.Identity)
	for _, name := range r.Locks {
		n += 20 + jsonLen(name)
	}
	return n
}

func sizeOf(infos []RequestInfo) int {
	n := 0
	for i := range infos {
		n += infos[i].Size()
	}
	return n
}

func sizeOfSteps(steps []Step) int {
	n := 0
	for i := range steps {
		n += steps[i].Size()
	}
	return n
}

// jsonLen is how long text is inside a JSON string.
func jsonLen(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}

// longest is how many bytes the frame of m may take at most: in JSON a byte takes
// up to six, and the rest of no message takes more than 500, or 100 for a lock.
func longest(m Request) int {
	const escaped, rest, lock = 6, 500, 100
	switch m := m.(type) {
	case *Acquire:
		n := rest + escaped*len(m.Author)
		for _, spec := range m.Locks {
			n += lock + escaped*len(spec.Name)
		}
		return n
	case *Evict:
		return rest + escaped*len(m.Message)
	case *Info:
		return rest + escaped*len(m.Match.Or(""))
	case *Watch:
		return rest + escaped*len(m.Match.Or(""))
	case *Why:
		return rest + escaped*len(m.Lock.Or(""))
	}
	return rest
}
