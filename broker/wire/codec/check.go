package codec

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// CheckFrame reports what a broker with these limits would refuse in m. It is [wire.Check] for
// the client that sends m: it also reports a frame longer than limits.MessageBytes, for which
// the broker would close the connection.
func CheckFrame(m wire.Request, limits wire.Limits) error {
	if err := wire.Check(m, limits); err != nil || longest(m) <= limits.MessageBytes {
		return err
	}
	frame, err := Append(nil, m)
	if err == nil && len(frame) > limits.MessageBytes {
		const format = "the message has %d bytes, which is too long: at most %d"
		err = fmt.Errorf(format, len(frame), limits.MessageBytes)
	}
	return err
}

// In JSON a byte of text takes up to six. The rest takes at most 500 in any message, and 100 for each lock.
const escaped, rest, lock = 6, 500, 100

// longest returns an upper bound of the length of the frame of m.
func longest(m wire.Request) int {
	switch m := m.(type) {
	case *wire.Acquire:
		return longestRequest(m.Author, m.Locks)
	case *wire.Resume:
		return longestResume(m)
	case *wire.Evict:
		return rest + escaped*len(m.Message)
	case *wire.Info:
		return rest + escaped*len(m.Match.Or(""))
	case *wire.Watch:
		return rest + escaped*len(m.Match.Or(""))
	case *wire.Clients:
		remote, session := m.Remote.Or(""), m.Session.Or("")
		return rest + escaped*(len(m.Client.Or(""))+len(remote)+len(session))
	case *wire.Why:
		return rest + escaped*len(m.Lock.Or(""))
	}
	return rest
}

// longestRequest returns an upper bound of the length of a request for those locks.
func longestRequest(author string, locks []wire.LockSpec) int {
	n := rest + escaped*len(author)
	for _, spec := range locks {
		n += lock + escaped*len(spec.Name)
	}
	return n
}

func longestResume(m *wire.Resume) int {
	n := rest + escaped*(len(m.Session)+len(m.Secret))
	for _, secret := range m.Tried {
		n += rest + escaped*len(secret)
	}
	for i := range m.Held {
		n += longestRequest(m.Held[i].Author, m.Held[i].Locks)
	}
	for i := range m.Waiting {
		n += longestRequest(m.Waiting[i].Author, m.Waiting[i].Locks)
	}
	return n
}
