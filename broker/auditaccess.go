package broker

import (
	"strconv"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// This file records who was let in and who was refused. Refusing must cost little if nobody wants
// the records, so nothing is built then.

// newRecord returns a record about the session's client.
func (c *connection) newRecord(event AuditEvent, outcome AuditOutcome) *AuditRecord {
	r := &AuditRecord{
		Event: event, Outcome: outcome, Session: c.sessionName(),
		Client: printable.LogText(c.peer.Client), Remote: printable.LogText(c.peer.Remote),
	}
	if now := c.rights.Load(); now != nil {
		r.setSubject(&now.subject)
	}
	r.Identity = printable.LogText(c.peer.Identity)
	return r
}

// setSubject sets who the client is.
func (r *AuditRecord) setSubject(s *access.Subject) {
	r.Identity, r.Method = printable.LogText(s.Name), s.Method
	if len(s.Groups) > 0 {
		r.Groups = printable.LogTexts(s.Groups, maxGroupsDescribed)
	}
}

// auditAuthentication records that the credential of a client that connects is refused. subject is
// who it is, or nil if that is not known.
func (b *Broker) auditAuthentication(who *introduction, subject *access.Subject, refused *refusal) {
	if b.audits == nil {
		return
	}
	r := &AuditRecord{
		Event: AuditAuthentication, Outcome: AuditRefused,
		Client: printable.LogText(who.label), Remote: printable.LogText(who.remote),
		Code: strconv.Itoa(refused.status), Reason: refused.help,
	}
	if subject != nil {
		r.setSubject(subject)
	}
	b.audits.put(r, ordinary)
}

// auditAdmitted records that the credential of the session's client was accepted.
func (c *connection) auditAdmitted() {
	if c.audits != nil && c.rights.Load() != nil {
		c.audits.put(c.newRecord(AuditAuthentication, AuditAccepted), ordinary)
	}
}

// auditRenewal records the answer to an auth.
func (c *connection) auditRenewal(m *wire.Auth, answer wire.Reply) {
	if c.audits == nil {
		return
	}
	r := c.newRecord(AuditRenewal, AuditAccepted)
	r.Request = textOf(m.ID)
	if refusal, is := answer.(*wire.Error); is {
		r.Outcome, r.Code, r.Reason = AuditRefused, string(refusal.Code), refusal.Message
	}
	c.audits.put(r, ordinary)
}

// recordOfStop returns the last record of a run. err is the error of Run, or nil.
func recordOfStop(err error) *AuditRecord {
	r := &AuditRecord{Event: AuditStop, Outcome: AuditDone}
	if err != nil {
		r.Outcome, r.Reason = AuditFailed, printable.LogText(err.Error())
	}
	return r
}

// auditClosed records, once, that the session is closed because of its credential. The caller holds
// c.judging.
func (c *connection) auditClosed(how *ending) {
	if c.audits == nil || c.closed {
		return
	}
	c.closed = true
	r := c.newRecord(AuditClosed, AuditDone)
	r.Code, r.Reason = strconv.Itoa(how.code), how.reason
	c.audits.put(r, reserved)
}

// auditMetrics records that a client is refused because it may not read the metrics.
func (b *Broker) auditMetrics(who *introduction, subject *access.Subject, refused *refusal) {
	if b.audits == nil {
		return
	}
	r := &AuditRecord{
		Event: AuditForbidden, Outcome: AuditRefused, Remote: printable.LogText(who.remote),
		Verb: wire.MayMetrics, Code: strconv.Itoa(refused.status), Reason: refused.help,
	}
	r.setSubject(subject)
	b.audits.put(r, ordinary)
}

// auditForbidden records that a message is refused because the client lacks a permission. Steals and
// evicts have records of their own.
func (c *connection) auditForbidden(m wire.Request, refusal *wire.Error, lacks wire.Verb, locks []string) {
	if c.audits == nil || isAudited(m) {
		return
	}
	r := c.newRecord(AuditForbidden, AuditRefused)
	r.Verb, r.Code, r.Reason = lacks, string(refusal.Code), printable.LogText(refusal.Message)
	id, _ := wire.RequestID(m)
	r.Request = textOf(id)
	switch m := m.(type) {
	case *wire.Acquire:
		r.Author = printable.LogText(m.Author)
		r.setLocks(namesOf(m))
	case *wire.Why:
		if lock, given := m.Lock.Get(); given {
			locks = []string{lock}
		}
		r.setLocks(locks)
	}
	c.audits.put(r, ordinary)
}

// auditJudged records that a message which waited for its turn is refused, because the rights of the
// session have changed.
func (l *loop) auditJudged(s *session, m wire.Request, refusal *wire.Error, lacks wire.Verb) {
	if isAudited(m) {
		l.aside(func() { s.audit(m, verdict{code: refusal.Code, lacks: lacks}) })
		return
	}
	s.auditForbidden(m, refusal, lacks, nil)
}

// auditSwept records that a request that waits has ended because its client may no longer make it.
func (l *loop) auditSwept(s *session, e *locktable.Event) {
	if _, steals := l.stealing[e.ID]; s.audits == nil || steals {
		return
	}
	subject := l.table.Subject(e, 0)
	r := s.newRecord(AuditForbidden, AuditRefused)
	r.Code, r.Reason = string(wire.Forbidden), printable.LogText(e.Reason)
	r.Request, r.Author = textOf(e.ID), printable.LogText(subject.Author)
	r.setLocks(subject.Locks)
	for _, lock := range subject.Locks {
		l.sight.steps += int64(s.rights.permissions.Cost())
		if verb, ok := s.rights.mayWait(lock, subject.Mode, false); !ok {
			r.Verb = verb
			break
		}
	}
	s.audits.put(r, ordinary)
}
