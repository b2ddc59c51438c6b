package broker

import (
	"crypto/subtle"
	"net/http"
	"net/http/httputil"

	"github.com/lockbroker/lockbroker/broker/access"
)

// The owner must know which connections a standby passes on to it. Their TCP connection is that of the standby: if it
// ends, the standby has ended, and the client may still treat its locks as held. So lock delay applies to them.
//
// The standby says so in a header with the id of the owner. Only those who can read the store know that id, so a
// client cannot pretend to come through a standby. The owner believes such a standby which address the client has.

const passedOnHeader = "Lockbroker-Passed-On"

// passOn directs a request to the owner.
func (b *Broker) passOn(r *httputil.ProxyRequest) {
	to := passageOf(r.In).to
	if target := urlOf(to); target != nil {
		r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
	}
	r.Out.Host = r.In.Host
	r.SetXForwarded()
	remote, _ := b.remoteOf(r.In)
	r.Out.Header.Set("X-Forwarded-For", remote)
	r.Out.Header.Set(passedOnHeader, to.ID)
}

// refusesToPass answers a request that cannot be passed on, and reports whether it was one.
func (b *Broker) refusesToPass(w http.ResponseWriter, r *http.Request) bool {
	refused := b.checkPassable(r)
	if refused != nil {
		refused.answer(w)
	}
	return refused != nil
}

// checkPassable refuses a request that the owner would misjudge: a client certificate and the user of a Unix socket are
// known only at the end of the client's own connection, and the address must be clear.
func (b *Broker) checkPassable(r *http.Request) *refusal {
	if _, ambiguous := b.remoteOf(r); ambiguous != nil {
		return ambiguous
	}
	token, err := tokenOf(r.Header)
	user, _ := r.Context().Value(userKey{}).(*access.User)
	certified := r.TLS != nil && len(r.TLS.PeerCertificates) > 0
	if token != "" || err != nil || user == nil && !certified || b.authority.current() == nil {
		return nil // the owner refuses a token that is malformed
	}
	help := "on standby: without a token, connect to the owner, " + b.nameOwner()
	return &refusal{http.StatusServiceUnavailable, help}
}

// isPassedOn reports whether a standby has passed a request on to this broker.
func (b *Broker) isPassedOn(r *http.Request) bool {
	said := r.Header.Values(passedOnHeader)
	return b.member != nil && len(said) == 1 && b.member.isOwnID(said[0])
}

// checkPassage refuses a request that says that a standby has passed it on, but not to this run of the broker. The
// standby does not know yet that another broker is the owner.
func (b *Broker) checkPassage(r *http.Request) *refusal {
	if b.member == nil || len(r.Header.Values(passedOnHeader)) == 0 || b.isPassedOn(r) {
		return nil
	}
	return &refusal{http.StatusServiceUnavailable, "the request was passed on to another owner than this one"}
}

// isOwnID reports whether id is that of this run of the broker.
func (m *member) isOwnID(id string) bool {
	return subtle.ConstantTimeCompare([]byte(id), []byte(m.self.ID)) == 1
}
