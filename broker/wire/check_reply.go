package wire

import (
	"errors"
	"fmt"
)

// A client acts on what the broker says, so it checks what it acts on. What is
// only shown to people is taken as it comes.

func (m *Hello) checkReply() error {
	switch {
	case m.Protocol != Version:
		return fmt.Errorf("protocol: want %d, not %d", Version, m.Protocol)
	case m.Session == "" || !(ID{Session: m.Session}).Valid() || ParseID(m.Session+"--0") != (ID{Session: m.Session}):
		return errors.New("session: not a session name")
	case m.HeartbeatMS < 1 || m.HeartbeatMS > MaxMillis:
		return fmt.Errorf("heartbeat_ms: want 1 to %d", MaxMillis)
	case m.TimeoutMS < 1 || m.TimeoutMS > MaxMillis:
		return fmt.Errorf("timeout_ms: want 1 to %d", MaxMillis)
	case m.GraceMS < 0 || m.GraceMS > MaxMillis:
		return fmt.Errorf("grace_ms: want 0 to %d", MaxMillis)
	case min(m.Limits.MessageBytes, m.Limits.NameBytes, m.Limits.LocksPerRequest, m.Limits.Requests) < 1:
		return errors.New("limits: want all of them, at least 1")
	}
	return nil
}

func (m *Granted) checkReply() error {
	if m.Token < 1 || m.Token > MaxInteger {
		return fmt.Errorf("token: want 1 to %d", MaxInteger)
	}
	return needID(m.ID)
}

func (m *Lost) checkReply() error {
	switch m.Reason {
	case LostExpired, LostStolen, LostEvicted:
		return needID(m.ID)
	}
	return fmt.Errorf("reason: unknown: %.40q", m.Reason)
}

func (m *Error) checkReply() error {
	if m.Code == "" {
		return errors.New("code: missing")
	}
	return nil
}

func (m *Draining) checkReply() error  { return nil }
func (m *Released) checkReply() error  { return needID(m.ID) }
func (m *Cancelled) checkReply() error { return needID(m.ID) }
func (m *InfoPage) checkReply() error  { return needID(m.ID) }
func (m *Chain) checkReply() error     { return needID(m.ID) }
func (m *Watching) checkReply() error  { return needID(m.ID) }
func (m *Change) checkReply() error    { return needID(m.ID) }
func (m *Lagged) checkReply() error    { return needID(m.ID) }
func (m *Unwatched) checkReply() error { return needID(m.ID) }
func (m *Evicted) checkReply() error   { return needID(m.ID) }
func (m *Pong) checkReply() error      { return needID(m.ID) }

func needID(id ID) error {
	if !id.Valid() {
		return errors.New("id: want session--n")
	}
	return nil
}
