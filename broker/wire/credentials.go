package wire

import "errors"

// BearerSubprotocol begins the subprotocol in which a page in a browser sends its token. The bytes
// of the token follow in base64url without padding.
const BearerSubprotocol = "lockbroker.bearer."

const (
	// MaxTokenBytes is the length of the longest token.
	MaxTokenBytes = 12 << 10
	// MaxIdentityBytes is the length of the longest identity, in bytes of UTF-8.
	MaxIdentityBytes = 256
)

// Auth renews the credential of the session. The reply is [Authenticated].
type Auth struct {
	fromClient

	ID    ID     `json:"id"`
	Token string `json:"token"`
}

// Authenticated answers [Auth].
type Authenticated struct {
	fromBroker

	ID ID `json:"id"`
	// ExpiresMS is after how long the new credential expires, in milliseconds. Absent: never.
	ExpiresMS Opt[int64] `json:"expires_ms,omitzero"`
}

// WhoAmI asks who the client is and what it may do. The reply is [Permissions].
type WhoAmI struct {
	fromClient

	ID ID `json:"id"`
}

// Permissions answers [WhoAmI].
type Permissions struct {
	fromBroker

	ID ID `json:"id"`
	// Identity is who the client is. It is empty if the broker asks for no credentials.
	Identity string   `json:"identity,omitzero"`
	Groups   []string `json:"groups,omitzero"`
	// ExpiresMS is after how long the credential expires, in milliseconds. Absent: never.
	ExpiresMS   Opt[int64]   `json:"expires_ms,omitzero"`
	Permissions []Permission `json:"permissions"`
	// More is true if the list of permissions is cut off.
	More bool `json:"more,omitzero"`
}

// A Permission allows what its verbs say on the locks whose names match one of its globs.
type Permission struct {
	Allow []Verb   `json:"allow"`
	Locks []string `json:"locks"`
}

// A Verb is what a [Permission] allows.
type Verb string

// The verbs. PROTOCOL.md says what each allows.
const (
	MayAcquire Verb = "acquire"
	MayShare   Verb = "shared"
	MayList    Verb = "list"
	MaySteal   Verb = "steal"
	MayEvict   Verb = "evict"
	MayClients Verb = "clients"
	MayMetrics Verb = "metrics"
)

// Verbs returns all verbs.
func Verbs() []Verb {
	return []Verb{MayAcquire, MayShare, MayList, MaySteal, MayEvict, MayClients, MayMetrics}
}

func (m *Auth) check() error {
	switch {
	case m.Token == "":
		return errors.New("token: missing or empty")
	case len(m.Token) > MaxTokenBytes:
		return errors.New("token: too long")
	}
	return nil
}
