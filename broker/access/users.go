package access

import (
	"context"
	"fmt"
	"maps"
	"strconv"
)

// MethodUser is the [Subject].Method of users of this machine.
const MethodUser = "user"

// Users accepts the users at the other end of Unix sockets.
type Users struct {
	names map[uint32]string // by the number of the user
	known bool              // only users in names are accepted
}

// NewUsers returns an authenticator for users. names maps the numbers of users to identities. If names
// is nil, every user is accepted, and the identity is "uid:" and the number.
func NewUsers(names map[uint32]string) (*Users, error) {
	for uid, name := range names {
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("user %d: the identity %w", uid, err)
		}
	}
	return &Users{names: maps.Clone(names), known: names != nil}, nil
}

// Method returns [MethodUser].
func (u *Users) Method() string { return MethodUser }

// Authenticate returns who the user is.
func (u *Users) Authenticate(_ context.Context, c Credential) (Subject, error) {
	if c.User == nil {
		return Subject{}, ErrNotMine
	}
	key := strconv.FormatUint(uint64(c.User.UID), 10)
	name, ok := u.names[c.User.UID]
	switch {
	case ok:
	case u.known:
		return Subject{}, fmt.Errorf("user %s is not accepted", key)
	default:
		name = "uid:" + key
	}
	return Subject{Identity: Identity{Name: name}, Method: MethodUser, Key: key}, nil
}

// Recheck looks the user up again.
func (u *Users) Recheck(s Subject) (Subject, bool) {
	uid, err := strconv.ParseUint(s.Key, 10, 32)
	if err != nil {
		return Subject{}, false
	}
	again, err := u.Authenticate(context.Background(), Credential{User: &User{UID: uint32(uid)}})
	if err != nil || again.Name != s.Name {
		return Subject{}, false
	}
	return again, true
}
