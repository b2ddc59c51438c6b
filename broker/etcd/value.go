package etcd

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// format is the format of the values. A release that changes the meaning of a field, or that must not be ignored by
// earlier ones, counts it up.
const format = 1

// An ownerValue is the value of PREFIX/owner.
type ownerValue struct {
	Format   int    `json:"format"`
	ID       string `json:"id"`
	Address  string `json:"address"`
	Term     int64  `json:"term"`
	Tokens   int64  `json:"next_token"`
	GraceMS  int64  `json:"grace_ms"` // rounded up
	Snapshot string `json:"snapshot,omitempty"`
}

// A sessionValue is the value of PREFIX/s/SESSION.
type sessionValue struct {
	Format   int     `json:"format"`
	Identity string  `json:"identity,omitempty"`
	Key      []byte  `json:"key,omitempty"`
	Revoked  []int64 `json:"revoked,omitempty"`
}

func encodeOwner(o *cluster.Owner) string {
	return encode(ownerValue{
		Format: format, ID: o.ID, Address: o.Address, Term: o.Term, Tokens: o.Tokens,
		GraceMS: (o.Grace + time.Millisecond - 1).Milliseconds(), Snapshot: o.Snapshot,
	})
}

func decodeOwner(value []byte) (cluster.Owner, error) {
	var v ownerValue
	if err := decode(value, &v, &v.Format); err != nil {
		return cluster.Owner{}, fmt.Errorf("read the owner: %w", err)
	}
	return cluster.Owner{
		Broker: cluster.Broker{ID: v.ID, Address: v.Address}, Term: v.Term, Tokens: v.Tokens,
		Grace: time.Duration(v.GraceMS) * time.Millisecond, Snapshot: v.Snapshot,
	}, nil
}

func encodeSession(s *cluster.Session) string {
	return encode(sessionValue{Format: format, Identity: s.Identity, Key: s.Key, Revoked: s.Revoked})
}

func decodeSession(id string, value []byte) (cluster.Session, error) {
	var v sessionValue
	if err := decode(value, &v, &v.Format); err != nil {
		return cluster.Session{}, fmt.Errorf("read session %q: %w", id, err)
	}
	return cluster.Session{ID: id, Identity: v.Identity, Key: v.Key, Revoked: v.Revoked}, nil
}

// encode returns v as JSON. The values here always have one.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// decode reads v from JSON, whose format is then in *found.
func decode(value []byte, v any, found *int) error {
	if err := json.Unmarshal(value, v); err != nil {
		return err
	}
	if *found != format {
		return fmt.Errorf("it has format %d, and this release reads only %d", *found, format)
	}
	return nil
}
