package wire

import (
	"errors"
	"fmt"
)

// CheckReply reports what is wrong with the fields of m that a client acts on. Fields that
// are only shown to people are not checked.
func CheckReply(m Reply) error {
	switch m := m.(type) {
	case *Hello:
		return m.check()
	case *Granted:
		return m.check()
	case *Lost:
		return m.check()
	case *Error:
		return m.check()
	case *Resumed:
		return checkValid(m.ID)
	case *NotResumed:
		return checkValid(m.ID)
	case *Draining, *Moving:
		return nil
	}
	return checkValid(replyID(m))
}

func (m *Hello) check() error {
	switch {
	case m.Protocol != Version:
		return fmt.Errorf("protocol: want %d, not %d", Version, m.Protocol)
	case !isSession(m.Session):
		return errors.New("session: not a session name")
	case m.HeartbeatMS < 1 || m.HeartbeatMS > MaxMillis:
		return fmt.Errorf("heartbeat_ms: want 1 to %d", MaxMillis)
	case m.TimeoutMS < 1 || m.TimeoutMS > MaxMillis:
		return fmt.Errorf("timeout_ms: want 1 to %d", MaxMillis)
	case len(m.Secret) > MaxSecretBytes:
		return fmt.Errorf("secret: want at most %d bytes", MaxSecretBytes)
	case m.GraceMS < 0 || m.GraceMS > MaxMillis:
		return fmt.Errorf("grace_ms: want 0 to %d", MaxMillis)
	case min(m.Limits.MessageBytes, m.Limits.NameBytes, m.Limits.LocksPerRequest, m.Limits.Requests) < 1:
		return errors.New("limits: want all of them, at least 1")
	}
	return nil
}

// isSession reports whether name can be the session in an id.
func isSession(name string) bool { return name != "" && ParseID(name+"--0") == ID{Session: name} }

func (m *Granted) check() error {
	if m.Token < 1 || m.Token > MaxInteger {
		return fmt.Errorf("token: want 1 to %d", MaxInteger)
	}
	return checkValid(m.ID)
}

func (m *Lost) check() error {
	switch m.Reason {
	case LostExpired, LostStolen, LostEvicted:
		return checkValid(m.ID)
	}
	return fmt.Errorf("reason: unknown: %.40q", m.Reason)
}

func (m *Error) check() error {
	if m.Code == "" {
		return errors.New("code: missing")
	}
	return nil
}

func checkValid(id ID) error {
	if !id.Valid() {
		return errors.New("id: want session--n")
	}
	return nil
}
