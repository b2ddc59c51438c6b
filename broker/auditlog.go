package broker

import (
	"cmp"
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A verdict is the outcome of a steal or an evict.
type verdict struct {
	code    wire.Code          // why it was refused; "": it was not refused
	lacks   wire.Verb          // the permission that the client lacks, or ""
	locks   []string           // of the request that it may not evict
	ended   string             // how a steal ended before it was granted
	victims []wire.RequestInfo // at most locktable.MaxVictims
	count   int                // of all victims, including those beyond the first MaxVictims
}

// A line of the log or the audit names at most maxDescribed holders, with at most maxLocksDescribed
// locks each, and at most maxGroupsDescribed groups.
const (
	maxDescribed       = 8
	maxLocksDescribed  = 8
	maxGroupsDescribed = 16
)

// maxLocksAudited is how many locks of the message itself a record names.
const maxLocksAudited = 64

// isAudited reports whether m acts on other clients' requests.
func isAudited(m wire.Request) bool {
	switch m := m.(type) {
	case *wire.Evict:
		return true
	case *wire.Acquire:
		return m.Steal
	}
	return false
}

// writeAudit records and logs what m has done to other clients' requests. It writes on another
// goroutine, because that can block. The session gets no turn until record and line are written, so a
// client cannot act faster than they can be. If the record is not written in time, the session waits
// no longer: its locks must become free when it ends.
func (l *loop) writeAudit(s *session, m wire.Request, v verdict) {
	s.beginAudit()
	r := s.recordOf(m, v)
	written := s.audits.put(r, spaceOf(r))
	l.aside(func() {
		s.logs.writeAudit(r)
		s.audits.await(s.over, written)
		s.sendLogged()
	})
}

// audit records and logs that the reader refuses m, which would act on other clients' requests. It
// may block.
func (c *connection) audit(m wire.Request, v verdict) {
	r := c.recordOf(m, v)
	c.audits.put(r, spaceOf(r))
	c.logs.writeAudit(r)
}

// spaceOf returns the space for a record: a client can be refused as often as it likes.
func spaceOf(r *AuditRecord) auditSpace {
	if r.Outcome == AuditRefused {
		return ordinary
	}
	return reserved
}

// recordOf returns the record of a steal or an evict.
func (c *connection) recordOf(m wire.Request, v verdict) *AuditRecord {
	r := c.newRecord(AuditEvict, AuditDone)
	switch m := m.(type) {
	case *wire.Evict:
		r.Request, r.Message = textOf(m.Request), printable.LogText(m.Message)
		r.setLocks(v.locks)
	case *wire.Acquire:
		r.Event, r.Request, r.Author = AuditSteal, textOf(m.ID), printable.LogText(m.Author)
		r.setLocks(namesOf(m))
	}
	r.Verb = v.lacks
	switch {
	case v.code != "":
		r.Outcome, r.Code = AuditRefused, string(v.code)
		return r
	case v.ended != "":
		r.Outcome, r.Reason = AuditEnded, v.ended
	}
	r.Victims, r.VictimCount = described(v.victims), v.count
	return r
}

func namesOf(m *wire.Acquire) []string {
	names := make([]string, len(m.Locks))
	for i, spec := range m.Locks {
		names[i] = spec.Name
	}
	return names
}

// setLocks sets the locks of a record.
func (r *AuditRecord) setLocks(names []string) {
	some := names[:min(len(names), maxLocksAudited)]
	r.MoreLocks = len(names) - len(some)
	if len(some) > 0 {
		r.Locks = printable.LogTexts(some, len(some))
	}
}

// writeAudit writes the line of a record about a steal or an evict. It may block.
func (l *logLimits) writeAudit(r *AuditRecord) {
	attrs := []slog.Attr{
		slog.String("session", r.Session), slog.Bool("audit", true),
		slog.String("by", cmp.Or(r.Identity, r.Client, r.Remote)), slog.String("remote", r.Remote),
	}
	if r.Identity != "" {
		attrs = append(attrs, slog.String("identity", r.Identity), slog.String("client", r.Client))
	}
	attrs = append(attrs, slog.String("request", r.Request))
	if r.Event == AuditEvict {
		attrs = append(attrs, slog.String("why", r.Message))
	} else {
		attrs = append(attrs, slog.String("author", r.Author), slog.Any("locks", r.Locks))
	}
	switch r.Outcome {
	case AuditRefused:
		attrs = append(attrs, slog.String("refused", r.Code))
		l.write(slog.LevelWarn, string(r.Event)+" refused", attrs...)
		return
	case AuditEnded:
		attrs = append(attrs, slog.String("ended", r.Reason))
	}
	attrs = append(attrs, slog.Any("victims", r.Victims), slog.Int("victim_count", r.VictimCount))
	l.write(slog.LevelWarn, string(r.Event), attrs...)
}

// described describes requests for the log and the audit.
func described(requests []wire.RequestInfo) []AuditRequest {
	all := make([]AuditRequest, len(requests))
	for i, r := range requests {
		all[i] = AuditRequest{
			ID: textOf(r.ID), Author: printable.LogText(r.Author),
			Locks: printable.LogTexts(r.Locks, maxLocksDescribed), Held: r.Token != 0,
			Client: printable.LogText(r.Client), Remote: printable.LogText(r.Remote), Identity: r.Identity,
		}
	}
	return all
}

// textOf returns an id for the log and the audit. A client can send any text as an id.
func textOf(id wire.ID) string { return printable.LogText(id.String()) }
