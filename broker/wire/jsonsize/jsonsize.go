// Package jsonsize estimates how many bytes messages take, in memory or as JSON. The broker and the
// client use it to bound what they keep for others. An estimate is too great rather than too small.
package jsonsize

import "github.com/lockbroker/lockbroker/broker/wire"

// integer is the length of the longest integer in a list.
const integer = len("9007199254740991,")

// Reply returns about how many bytes m takes.
func Reply(m wire.Reply) int {
	switch m := m.(type) {
	case *wire.InfoPage:
		n := 200 + text(m.Owner)
		for i := range m.Locks {
			n += Lock(&m.Locks[i])
		}
		return n
	case *wire.ClientsPage:
		n := 200
		for i := range m.Clients {
			n += Client(&m.Clients[i])
		}
		return n
	case *wire.Error:
		return 200 + len(m.ID.Session) + text(m.Message) + text(m.By) + requests(m.Holders) + steps(m.Cycle)
	case *wire.Chain:
		return 200 + steps(m.Chain)
	case *wire.Change:
		return 200 + text(m.By) + text(m.Message) + text(m.Lock) + Request(&m.Request)
	case *wire.Resumed:
		return 200 + integer*(len(m.Held)+len(m.Lost))
	case *wire.Lost:
		return 200 + text(m.By) + text(m.Message)
	}
	return 200
}

// Step returns about how many bytes s takes.
func Step(s *wire.Step) int {
	return 130 + Request(&s.Request) + text(s.Lock) + Request(&s.Blocker) + requests(s.Others)
}

// Lock returns about how many bytes l takes.
func Lock(l *wire.LockInfo) int {
	return 300 + text(l.Name) + requests(l.Holders) + requests(l.Waiters)
}

// Client returns about how many bytes c takes.
func Client(c *wire.ClientInfo) int {
	return 400 + text(c.Client) + text(c.Remote) + text(c.Identity) + requests(c.Requests)
}

// Request returns about how many bytes r takes.
func Request(r *wire.RequestInfo) int {
	n := 300 + text(r.Author) + text(r.Client) + text(r.Identity)
	for _, name := range r.Locks {
		n += 20 + text(name)
	}
	return n
}

func requests(infos []wire.RequestInfo) int {
	n := 0
	for i := range infos {
		n += Request(&infos[i])
	}
	return n
}

func steps(chain []wire.Step) int {
	n := 0
	for i := range chain {
		n += Step(&chain[i])
	}
	return n
}

// text returns the length of s in a JSON string.
func text(s string) int {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}
