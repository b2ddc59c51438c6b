package broker

import (
	"encoding/json"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An AuditEvent says what an [AuditRecord] is about.
type AuditEvent string

// The events. Audited is everything in the list, and nothing else.
const (
	// AuditStart and AuditStop are the first and the last record of a run. The start is when New was called.
	AuditStart AuditEvent = "start"
	AuditStop  AuditEvent = "stop"
	// AuditAuthentication is a client that connects: its credential is accepted or refused.
	AuditAuthentication AuditEvent = "authentication"
	// AuditRenewal is a client that renews its credential with auth.
	AuditRenewal AuditEvent = "renewal"
	// AuditClosed is a session that the broker closes because its credential has expired (4401)
	// or is no longer accepted (4403).
	AuditClosed AuditEvent = "closed"
	// AuditForbidden is a message, or a request that waits, that the client has no permission for.
	AuditForbidden AuditEvent = "forbidden"
	// AuditSteal and AuditEvict are acts on the requests of other clients, permitted or refused.
	AuditSteal AuditEvent = "steal"
	AuditEvict AuditEvent = "evict"
	// AuditAccess is a call of [Broker.SetAccess]: later messages are judged by the new control.
	AuditAccess AuditEvent = "access"
	// AuditReload is a reload of the files of the program around the broker, which records it
	// with [Broker.Audit].
	AuditReload AuditEvent = "reload"
	// AuditDropped stands for records that were dropped at this place, because they came faster
	// than they could be written.
	AuditDropped AuditEvent = "dropped"
)

// An AuditOutcome says how an audited event ended.
type AuditOutcome string

// The outcomes.
const (
	AuditAccepted AuditOutcome = "accepted" // of a credential
	AuditRefused  AuditOutcome = "refused"
	AuditDone     AuditOutcome = "done"
	AuditEnded    AuditOutcome = "ended" // a steal that ended before it was granted; Reason says how
	AuditFailed   AuditOutcome = "failed"
)

// An AuditRecord is one line of the audit. It holds no secrets. A field that is not known, or has no
// meaning for the event, is empty and not in the JSON.
//
// Text that a client has chosen is as in the log: it is quoted as a Go string if not all of it can be
// printed, and cut after 256 bytes.
type AuditRecord struct {
	// Time is when it happened. In JSON it is RFC 3339 in UTC with milliseconds.
	Time    time.Time    `json:"time"`
	Event   AuditEvent   `json:"event"`
	Outcome AuditOutcome `json:"outcome,omitempty"`

	// Who: Identity, Groups and Method are what the credential says; see [access.Subject]. Groups
	// holds at most 16 and then how many more there are. Client is the label that the client chose.
	// Remote is its address.
	Identity string   `json:"identity,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	Method   string   `json:"method,omitempty"`
	Client   string   `json:"client,omitempty"`
	Remote   string   `json:"remote,omitempty"`
	Session  string   `json:"session,omitempty"`

	// What: Request is the id of the message. For an evict it is the id of the request to evict.
	// Author is the author of an acquire. Verb is the permission that the client lacks.
	Request string    `json:"request,omitempty"`
	Author  string    `json:"author,omitempty"`
	Verb    wire.Verb `json:"verb,omitempty"`
	// Locks are the locks of the message, at most 64. MoreLocks is how many others it has.
	Locks     []string `json:"locks,omitempty"`
	MoreLocks int      `json:"more_locks,omitempty"`

	// Victims are the requests that lost their locks or their places in queues, at most 8.
	// VictimCount is the number of all of them.
	Victims     []AuditRequest `json:"victims,omitempty"`
	VictimCount int            `json:"victim_count,omitempty"`
	// Message is what the client that evicts says about it.
	Message string `json:"message,omitempty"`

	// Code is the code that the client was told, the close code, or the HTTP status. Reason is why,
	// in plain words.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`

	// Changed is what a reload has changed.
	Changed []string `json:"changed,omitempty"`

	// Dropped is how many records were dropped, and Since when the first of them came.
	Dropped int64     `json:"dropped,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// An AuditRequest describes the request of another client.
type AuditRequest struct {
	ID       string   `json:"id"`
	Author   string   `json:"author"`
	Locks    []string `json:"locks"` // at most 8, and then how many more there are
	Held     bool     `json:"held"`
	Client   string   `json:"client"`
	Remote   string   `json:"remote"`
	Identity string   `json:"identity,omitempty"`
}

// auditTime is RFC 3339 with milliseconds and a fixed length.
const auditTime = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON returns the record as one line without its newline.
func (r AuditRecord) MarshalJSON() ([]byte, error) {
	type fields AuditRecord
	line := struct {
		Time string `json:"time"`
		fields
		Since string `json:"since,omitempty"`
	}{r.Time.UTC().Format(auditTime), fields(r), ""}
	if !r.Since.IsZero() {
		line.Since = r.Since.UTC().Format(auditTime)
	}
	return json.Marshal(line)
}

// Audit adds a record to the audit of the broker, such as for a reload of the program's files. It
// never waits. A zero Time means now. Audit has no effect without [Config].Audit, and after the end
// of Run.
func (b *Broker) Audit(r AuditRecord) { b.audits.put(&r, spaceOf(&r)) }

// size returns about how many bytes a record takes.
func (r *AuditRecord) size() int {
	n := 600 + len(r.Identity) + len(r.Client) + len(r.Remote) + len(r.Author) + len(r.Message) + len(r.Reason)
	for _, list := range [][]string{r.Groups, r.Locks, r.Changed} {
		n += sizeOf(list)
	}
	for i := range r.Victims {
		v := &r.Victims[i]
		n += 150 + len(v.Author) + len(v.Client) + len(v.Remote) + len(v.Identity) + sizeOf(v.Locks)
	}
	return n
}

func sizeOf(texts []string) (n int) {
	for _, text := range texts {
		n += 16 + len(text)
	}
	return n
}
