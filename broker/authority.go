package broker

import (
	"net/http"
	"strings"
	"sync"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/shrink"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// revoked ends a session whose credential is no longer accepted.
var revoked = ending{code: wire.CloseRevoked, reason: "the credential has been revoked"}

// An authority knows which access control is in force, and tells the sessions when it changes.
//
// A message of a session is judged, and put into the inbox, while the session's mutex judging is held.
// So is a change of its rights. So the loop sees messages and changes in the order in which the
// messages were judged: when it handles a change, nothing that was judged before is still to come.
type authority struct {
	changing sync.Mutex // held during a whole change

	mu              sync.Mutex
	control         *access.Control // nil: everything is permitted
	parties         shrink.Map[string, *party]
	sessions        shrink.Map[string, int] // by identity
	mostPerIdentity int
	refusals        *refusals
	members         shrink.Map[*connection, bool]
	audits          *auditTrail
}

func newAuthority(c *Config, r *refusals) *authority {
	return &authority{
		control: c.Access, mostPerIdentity: c.MaxConnectionsPerIdentity, refusals: r,
	}
}

// SetAccess replaces [Config].Access. When it returns, each message is judged by the new control,
// except those that were judged before.
//
// Sessions whose credential is no longer accepted are closed with 4403, and so are all sessions that
// have none, if the broker has not asked for credentials before. Requests that wait, and may no
// longer be made, end as forbidden. Holders keep their locks.
func (b *Broker) SetAccess(control *access.Control) {
	a := b.authority
	a.changing.Lock()
	defer a.changing.Unlock()
	a.mu.Lock()
	a.audits.put(&AuditRecord{Event: AuditAccess, Outcome: AuditDone}, reserved)
	a.control, a.parties = control, shrink.Map[string, *party]{}
	members := make([]*connection, 0, a.members.Len())
	for c := range a.members.All() {
		members = append(members, c)
	}
	a.mu.Unlock()
	for _, c := range members {
		a.reconsider(c)
	}
}

// current returns the control in force.
func (a *authority) current() *access.Control {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.control
}

// admit counts a new session of a subject that a control has authenticated, and returns its rights.
// Call leave when the session ends.
func (a *authority) admit(control *access.Control, s access.Subject) (*rights, *refusal) {
	if control == nil {
		return nil, nil
	}
	r := a.rightsOf(control, s)
	if r == nil {
		return nil, &refusal{http.StatusUnauthorized, "the credential has been revoked"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sessions.Get(s.Name) >= a.mostPerIdentity {
		a.drop(r)
		return nil, a.refusals.tooManyConnections(limitIdentityConnections, "this identity", a.mostPerIdentity)
	}
	a.sessions.Set(s.Name, a.sessions.Get(s.Name)+1)
	return r, nil
}

// rightsOf returns the rights that a subject has now, or nil if its credential is no longer accepted.
// control is the one that has authenticated it, or nil for an earlier one.
func (a *authority) rightsOf(control *access.Control, s access.Subject) *rights {
	for {
		now := a.current()
		if now == nil {
			return nil
		}
		if now != control {
			again, ok := now.Recheck(s)
			if !ok {
				return nil
			}
			s, control = again, now
		}
		a.mu.Lock()
		if a.control == now {
			defer a.mu.Unlock()
			return &rights{s, a.join(&s)}
		}
		a.mu.Unlock()
	}
}

// join counts a session in the party of its subject. The caller holds a.mu.
func (a *authority) join(s *access.Subject) *party {
	key := s.Name + "\x00" + strings.Join(s.Groups, "\x00")
	p := a.parties.Get(key)
	if p == nil {
		p = &party{key: key, control: a.control, permissions: a.control.For(s)}
		a.parties.Set(key, p)
	}
	p.sessions++
	return p
}

// drop undoes join. The caller holds a.mu.
func (a *authority) drop(r *rights) {
	r.sessions--
	if r.sessions == 0 && a.parties.Get(r.key) == r.party {
		a.parties.Delete(r.key)
	}
}

// dismiss undoes admit for a session that did not start.
func (a *authority) dismiss(r *rights) {
	if r == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drop(r)
	a.forget(r.subject.Name)
}

// forget counts a session of an identity less. The caller holds a.mu.
func (a *authority) forget(identity string) {
	if left := a.sessions.Get(identity) - 1; left > 0 {
		a.sessions.Set(identity, left)
	} else {
		a.sessions.Delete(identity)
	}
}

// admitted sets the rights that admit has returned.
func (c *connection) admitted(r *rights) {
	c.judging.Lock()
	defer c.judging.Unlock()
	if r != nil {
		c.rights.Store(r)
		c.control = r.control
	}
}

// enter makes changes of the control reach a session from now on. It must be known to the loop.
func (a *authority) enter(c *connection) {
	a.mu.Lock()
	a.members.Set(c, true)
	a.mu.Unlock()
	a.reconsider(c) // the control may have changed since admit
	c.judging.Lock()
	defer c.judging.Unlock()
	c.setExpiry(c.rights.Load())
}

// leave undoes admit and enter.
func (a *authority) leave(c *connection) {
	c.judging.Lock()
	defer c.judging.Unlock()
	c.left = true
	if c.expiry != nil {
		c.expiry.Stop()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.members.Delete(c)
	if r := c.rights.Load(); r != nil {
		a.drop(r)
	}
	if c.peer.Identity != "" {
		a.forget(c.peer.Identity)
	}
}

// reconsider gives a session the rights that it has under the control in force, or ends it if its
// credential is no longer accepted.
func (a *authority) reconsider(c *connection) {
	c.judging.Lock()
	defer c.judging.Unlock()
	old, control := c.rights.Load(), a.current()
	if c.left || c.control == control {
		return
	}
	c.control = control
	if control == nil {
		a.replace(c, nil)
		return
	}
	var now *rights
	if old != nil {
		now = a.rightsOf(nil, old.subject)
	}
	if now == nil {
		c.auditClosed(&revoked)
		a.swap(c, &rights{party: &party{permissions: access.Nothing()}})
		c.loop.sendEnded(&revoked)
		return
	}
	a.replace(c, now)
}

// replace gives a session other rights, and tells the loop. The caller holds c.judging.
func (a *authority) replace(c *connection, now *rights) {
	a.swap(c, now)
	c.setExpiry(now)
	c.loop.sendRights(now)
}

// swap makes a session's messages be judged by other rights. The caller holds c.judging.
func (a *authority) swap(c *connection, now *rights) {
	if old := c.rights.Swap(now); old != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.drop(old)
	}
}
