package broker

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// authTimeout is how long it may take to find out whose credential it is. An authenticator may have
// to ask another machine.
const authTimeout = 10 * time.Second

// expired ends a session whose credential has expired.
var expired = ending{code: wire.CloseExpired, reason: "the credential has expired"}

// authenticate returns who sends a request, and the control that has found it out. If the broker asks
// for no credentials, the control is nil.
func (b *Broker) authenticate(r *http.Request, who *introduction) (*access.Control, access.Subject, *refusal) {
	control := b.authority.current()
	if control == nil {
		return nil, access.Subject{}, nil
	}
	credential, refused := credentialOf(r)
	if refused != nil {
		b.logRefusal(r, refused.status, refused.help)
		b.auditAuthentication(who, nil, refused)
		return nil, access.Subject{}, refused
	}
	ctx, cancel := context.WithTimeout(r.Context(), authTimeout)
	defer cancel()
	subject, err := control.Authenticate(ctx, credential)
	if err != nil {
		refused = &refusal{http.StatusUnauthorized, notAuthenticated(err)}
		b.logRefusal(r, refused.status, refused.help, textAttr("why", whyOf(err)))
		b.auditAuthentication(who, nil, refused)
		return nil, access.Subject{}, refused
	}
	return control, subject, nil
}

// notAuthenticated tells a client why it is refused. Strangers learn nothing about the issuer and the
// configuration of the broker: the log says more.
func notAuthenticated(err error) string {
	for _, told := range []error{access.ErrNoCredential, access.ErrWrongToken, access.ErrExpired} {
		if errors.Is(err, told) {
			return "not authenticated: " + told.Error()
		}
	}
	return "not authenticated: the credential is not accepted"
}

// whyOf returns the text of an error for the log, without the query of a URL, which may hold a secret.
func whyOf(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Op + ": " + request.Err.Error()
	}
	return err.Error()
}

// credentialOf returns what a request presents.
func credentialOf(r *http.Request) (access.Credential, *refusal) {
	token, err := tokenOf(r.Header)
	switch {
	case errors.Is(err, errTwoTokens):
		return access.Credential{}, &refusal{http.StatusBadRequest, err.Error()}
	case err != nil:
		return access.Credential{}, &refusal{http.StatusUnauthorized, "not authenticated: " + err.Error()}
	}
	user, _ := r.Context().Value(userKey{}).(*access.User)
	return access.Credential{Token: token, TLS: r.TLS, User: user}, nil
}

var errTwoTokens = errors.New("want at most one token")

// tokenOf returns the bearer token in a header, or "". No error contains any part of it.
func tokenOf(h http.Header) (string, error) {
	var tokens []string
	for _, line := range h["Authorization"] {
		scheme, token, _ := strings.Cut(line, " ")
		if token = strings.Trim(token, " "); !strings.EqualFold(scheme, "Bearer") || token == "" {
			return "", errors.New("want Authorization: Bearer and a token")
		}
		tokens = append(tokens, token)
	}
	for _, offered := range listOf(h, "Sec-Websocket-Protocol") {
		text, found := strings.CutPrefix(offered, wire.BearerSubprotocol)
		if !found {
			continue
		}
		token, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(token) == 0 {
			return "", errors.New("want the token in the subprotocol in base64url without padding")
		}
		tokens = append(tokens, string(token))
	}
	switch {
	case len(tokens) > 1:
		return "", errTwoTokens
	case len(tokens) == 0:
		return "", nil
	case len(tokens[0]) > wire.MaxTokenBytes:
		return "", errors.New("the token is too long")
	}
	return tokens[0], nil
}

// setExpiry makes the session end when its credential expires. The caller holds c.judging.
func (c *connection) setExpiry(r *rights) {
	if c.expiry != nil {
		c.expiry.Stop()
		c.expiry = nil
	}
	if r != nil && !r.subject.Expires.IsZero() {
		c.expiry = time.AfterFunc(time.Until(r.subject.Expires), c.expire)
	}
}

// expire ends the session if its credential has expired.
func (c *connection) expire() {
	c.judging.Lock()
	defer c.judging.Unlock()
	r := c.rights.Load()
	if r == nil || r.subject.Expires.IsZero() {
		return
	}
	if left := time.Until(r.subject.Expires); left > 0 {
		c.setExpiry(r)
		return
	}
	c.auditClosed(&expired)
	c.loop.sendEnded(&expired)
}

// renew replaces the credential of the session by a new token. It answers by itself, because it may
// take long: the authenticator may ask another machine.
func (r *reader) renew(m *wire.Auth) *ending {
	if r.backlog.isFull() { // the answer joins it, although no reader will wait then
		r.awaitLoop()
	}
	if !r.renewing.CompareAndSwap(false, true) {
		const message = "another auth of this session is under way"
		return r.afterSending(r.loop.sendReply(&wire.Error{ID: m.ID, Code: wire.TooMany, Message: message}))
	}
	c := r.connection
	c.aside(func() {
		defer c.renewing.Store(false)
		answer := c.authenticated(m)
		c.auditRenewal(m, answer)
		c.loop.sendReply(answer)
	})
	return nil
}

// authenticated authenticates a new token, and returns the answer. It may block.
func (c *connection) authenticated(m *wire.Auth) wire.Reply {
	refuse := func(why string) wire.Reply {
		return &wire.Error{ID: m.ID, Code: wire.Forbidden, Message: why}
	}
	control := c.authority.current()
	if control == nil {
		return refuse("the broker asks for no credentials")
	}
	ctx, cancel := context.WithTimeout(c.over, authTimeout)
	defer cancel()
	subject, err := control.Authenticate(ctx, access.Credential{Token: m.Token})
	switch {
	case err != nil:
		return refuse(notAuthenticated(err))
	case subject.Name != c.peer.Identity:
		return refuse("the token is for another identity")
	}
	c.judging.Lock()
	defer c.judging.Unlock()
	if c.left {
		return refuse("the session has ended")
	}
	now := c.authority.rightsOf(control, subject)
	if now == nil {
		return refuse("the credential has been revoked")
	}
	c.authority.replace(c, now)
	return &wire.Authenticated{ID: m.ID, ExpiresMS: now.expiresMS()}
}

// userKey is the key of the user in the context of a request.
type userKey struct{}

// withUser adds the user at the other end of a Unix socket to the context of its requests.
func withUser(ctx context.Context, conn net.Conn) context.Context {
	if user, ok := access.UserOf(conn); ok {
		return context.WithValue(ctx, userKey{}, user)
	}
	return ctx
}
