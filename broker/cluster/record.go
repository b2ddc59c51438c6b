package cluster

import "time"

// Others is the ID of a [Session] that stands for all sessions that cannot be taken up on another connection.
// While it is on record, some of them may hold locks. No client has this ID: session names do not contain hyphens
// alone.
const Others = "-"

// A Broker is one run of a broker process.
type Broker struct {
	// ID differs from run to run. It is the zero value if no broker is meant.
	ID string
	// Address is the URL at which clients and other brokers reach it, such as ws://10.0.0.7:27002.
	Address string
}

// An Owner is what the record says about the owner.
type Owner struct {
	Broker // its ID is "" if the last owner has resigned in favour of nobody
	// Term counts owners. The first has the term 1. It is 0 if there has been no owner.
	Term int64
	// Tokens is greater than all fencing tokens given out in this term and in earlier ones.
	Tokens int64
	// Grace is how long the next owner must wait for the sessions on record, by its own clock. It is long
	// enough for every client of this owner, and of those before it, to notice that it has lost its locks.
	Grace time.Duration
	// Snapshot is the id of the snapshot with which the last owner has handed over to this one. It is "" once
	// this owner has accepted, and if there was no snapshot.
	Snapshot string
}

// A Session is what the record says about a session.
type Session struct {
	// ID is the name of the session, or [Others].
	ID string
	// Identity is whose session it is, or "" if the broker asks for no credentials.
	Identity string
	// Key is the hash of the secret by which the client proves that the session is its own.
	Key []byte
	// Revoked lists fencing tokens of requests that have lost their locks, which the client may not know yet.
	Revoked []int64
}

// A Revision says which state the record is in. It differs after each write that changes the part it is named after.
// Both are 0 before the first write. Stores with one revision for both return it twice.
type Revision struct {
	Owner int64
	Beat  int64
}

// A Head is the record without its sessions.
type Head struct {
	Owner    Owner
	Beat     string // the id of the last write, or "" before the first
	Revision Revision
}

// A Write is one transaction.
type Write struct {
	// Guard is the revision that the record must have for the write to be applied.
	Guard Revision
	// Beat is the id of the write. No other write ever has it.
	Beat string
	// Owner replaces the owner, unless it is nil.
	Owner *Owner
	// Put adds sessions, or replaces those with the same ID. Delete removes sessions; it may name some that are
	// not on record. No ID occurs twice in both lists together.
	Put    []Session
	Delete []string
}
