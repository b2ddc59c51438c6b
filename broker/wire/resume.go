package wire

import (
	"errors"
	"fmt"
)

// ResumeParameter is the query parameter with which a client says that it can take up its session on another
// connection. Its values are [ResumeMoved] and [ResumeKept].
const ResumeParameter = "resume"

const (
	// ResumeMoved says that the client takes up its session after [Moving].
	ResumeMoved = "moved"
	// ResumeKept asks the broker also to keep the session for the session timeout after any end of the connection
	// that the client has not announced with [Goodbye].
	ResumeKept = "kept"
)

const (
	// MaxSecretBytes is the length of the longest secret.
	MaxSecretBytes = 64
	// MaxTried is the greatest number of secrets in Tried of a [Resume].
	MaxTried = 16
)

// Resume takes up a session of an earlier connection. It states everything that the client holds and waits for in
// that session: what it leaves out, the client has released or no longer wants. A statement that is too long for one
// message goes on in the next one. The reply to the last message is [Resumed] or [NotResumed].
type Resume struct {
	fromClient

	ID ID `json:"id"`
	// Session is the session to take up.
	Session string `json:"session"`
	// Secret is that of the hello with which the session began, or with which it was taken up last.
	Secret string `json:"secret"`
	// Tried has the secrets of later hellos after which the client tried to take up the session and got no reply,
	// at most MaxTried.
	Tried   []string         `json:"tried,omitzero"`
	Held    []HeldRequest    `json:"held,omitzero"`
	Waiting []WaitingRequest `json:"waiting,omitzero"`
	// More says that the statement goes on in another Resume.
	More bool `json:"more,omitzero"`
}

// A HeldRequest is a request that its client holds.
type HeldRequest struct {
	// N is the number of the request in its session.
	N     int64      `json:"n"`
	Token int64      `json:"token"`
	Locks []LockSpec `json:"locks"`
	// Author and Parent are as in [Acquire].
	Author string `json:"author,omitzero"`
	Parent ID     `json:"parent,omitzero"`
	// AgeMS is for how long the request has held, in milliseconds.
	AgeMS int64 `json:"age_ms,omitzero"`
	// HoldMS is what is left of the HoldMS of the request, in milliseconds. Absent: no bound.
	HoldMS Opt[int64] `json:"hold_ms,omitzero"`
}

// A WaitingRequest is a request for which its client waits.
type WaitingRequest struct {
	// N is the number of the request in its session.
	N     int64      `json:"n"`
	Locks []LockSpec `json:"locks"`
	// Author, HoldMS and Parent are as in [Acquire].
	Author string     `json:"author,omitzero"`
	Parent ID         `json:"parent,omitzero"`
	HoldMS Opt[int64] `json:"hold_ms,omitzero"`
	// AgeMS is for how long the request has waited, in milliseconds.
	AgeMS int64 `json:"age_ms,omitzero"`
	// WaitMS is what is left of the wait, in milliseconds. Absent: no bound.
	WaitMS Opt[int64] `json:"wait_ms,omitzero"`
}

// Resumed says that the session goes on with this connection.
type Resumed struct {
	fromBroker

	ID ID `json:"id"`
	// Held has the numbers of the requests that hold, of those that the client has stated as held.
	Held []int64 `json:"held,omitzero"`
	// Lost has the others.
	Lost []int64 `json:"lost,omitzero"`
}

// NotResumed refuses a [Resume]. The client goes on with the session of the hello.
type NotResumed struct {
	fromBroker

	ID ID `json:"id"`
	// Message is for people.
	Message string `json:"message"`
}

// Moving says that the broker handles nothing more on this connection and is about to close it, and that the client
// can take up its session on another one.
type Moving struct {
	fromBroker
}

func (m *Resume) check(l Limits) error {
	if !isSession(m.Session) {
		return errors.New("session: not a session name")
	}
	if err := checkSecret("secret", m.Secret); err != nil {
		return err
	}
	if len(m.Tried) > MaxTried {
		return fmt.Errorf("tried: %d are too many, at most %d", len(m.Tried), MaxTried)
	}
	for i, secret := range m.Tried {
		if err := checkSecret("tried", secret); err != nil {
			return fmt.Errorf("%w, at index %d", err, i)
		}
	}
	before := int64(-1)
	for i := range m.Held {
		if err := m.Held[i].check(before, l); err != nil {
			return fmt.Errorf("held[%d].%w", i, err)
		}
		before = m.Held[i].N
	}
	before = -1
	for i := range m.Waiting {
		if err := m.Waiting[i].check(before, l); err != nil {
			return fmt.Errorf("waiting[%d].%w", i, err)
		}
		before = m.Waiting[i].N
	}
	return nil
}

// checkSecret does not repeat the secret: errors are logged.
func checkSecret(field, secret string) error {
	if secret == "" || len(secret) > MaxSecretBytes {
		return fmt.Errorf("%s: want 1 to %d bytes", field, MaxSecretBytes)
	}
	return nil
}

// check reports what is wrong with r. before is the number of the request before it in the list.
func (r *HeldRequest) check(before int64, l Limits) error {
	if r.Token < 1 || r.Token > MaxInteger {
		return fmt.Errorf("token: want 1 to %d", MaxInteger)
	}
	if err := checkStated(r.N, before, r.AgeMS); err != nil {
		return err
	}
	m := Acquire{Locks: r.Locks, Author: r.Author, HoldMS: r.HoldMS, Parent: r.Parent}
	return m.check(l)
}

func (r *WaitingRequest) check(before int64, l Limits) error {
	if err := checkStated(r.N, before, r.AgeMS); err != nil {
		return err
	}
	m := Acquire{Locks: r.Locks, Author: r.Author, WaitMS: r.WaitMS, HoldMS: r.HoldMS, Parent: r.Parent}
	return m.check(l)
}

func checkStated(n, before, age int64) error {
	switch {
	case n < 0 || n > MaxInteger:
		return fmt.Errorf("n: want 0 to %d", MaxInteger)
	case n <= before:
		return errors.New("n: not greater than that of the request before it")
	case age < 0 || age > MaxMillis:
		return fmt.Errorf("age_ms: want 0 to %d", MaxMillis)
	}
	return nil
}
