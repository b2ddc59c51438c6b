package metrics

import "github.com/prometheus/client_golang/prometheus"

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// A definition is one metric: its name without the prefix, what it means, and its labels.
type definition struct {
	*prometheus.Desc
	name, help string
	kind       prometheus.ValueType // 0: a histogram
	labels     []string
}

// definitions has all metrics, in the order in which METRICS.md lists them.
var definitions []*definition

func define(kind prometheus.ValueType, name, help string, labels ...string) *definition {
	name = "lockbroker_" + name
	d := &definition{prometheus.NewDesc(name, help, labels, nil), name, help, kind, labels}
	definitions = append(definitions, d)
	return d
}

// Sessions and their connections.
var (
	sessions = define(gauge, "sessions",
		"Sessions that are open, by kind of client.", "client")
	sessionsOpened = define(counter, "sessions_opened_total",
		"Sessions that have opened, by kind of client.", "client")
	sessionsEnded = define(counter, "sessions_ended_total",
		"Sessions that have ended, by what ended them.", "why")
	sessionsKept = define(gauge, "sessions_kept",
		"Sessions that have ended, but whose locks are kept because their clients may be stale holders.")
	sessionsAbsent = define(gauge, "sessions_absent",
		"Sessions that have no connection, and that their clients may take up on another one.")
	sessionsAbandoned = define(counter, "sessions_abandoned_total",
		"Absent sessions that have ended because their clients have not taken them up in time.")
	resumptions = define(counter, "resumptions_total",
		"Attempts to take up a session on another connection.", "result")
	handshakes = define(gauge, "handshakes",
		"Connections that are not, or not yet, sessions.")
	handshakesRefused = define(counter, "handshakes_refused_total",
		"Connections that were closed because their address connects too fast.")
	upgradesRefused = define(counter, "upgrades_refused_total",
		"Requests for a session that were refused, by HTTP status.", "status")
	received = define(counter, "received_bytes_total",
		"Bytes received in sessions, with the framing of WebSocket, without that of TLS.")
	sent = define(counter, "sent_bytes_total",
		"Bytes sent in sessions, with the framing of WebSocket, without that of TLS.")
)

// Requests and locks.
var (
	requests = define(gauge, "requests",
		"Requests that wait or hold now.", "state")
	grants = define(counter, "grants_total",
		"Requests that were granted.")
	requestsEnded = define(counter, "requests_ended_total",
		"Requests that have ended, by how they ended and what they did before.", "how", "state")
	errorsTold = define(counter, "errors_total",
		"Errors that clients were told, by the code of PROTOCOL.md.", "code")
	waitSeconds = define(0, "wait_seconds",
		"How long requests waited until they were granted, or ended without a grant.", "result")
	holdSeconds = define(0, "hold_seconds",
		"How long requests held until they ended.")
	longestWait = define(gauge, "longest_wait_seconds",
		"How long the request that has waited longest has waited so far.")
	longestHold = define(gauge, "longest_hold_seconds",
		"How long the request that has held longest has held so far, without the kept locks of ended sessions.")
	locksInUse = define(gauge, "locks_in_use",
		"Locks that are held or waited for.")
	locksRemembered = define(gauge, "locks_remembered",
		"Locks that are not in use, but whose names the listing remembers.")
)

// Watches, the loop and what limits it.
var (
	watches = define(gauge, "watches",
		"Watches of all sessions.")
	watchLags = define(counter, "watch_lags_total",
		"How often a watch has begun to miss changes.")
	roundSeconds = define(0, "loop_round_seconds",
		"How long the rounds of the event loop took. The rate of the sum says how busy it is: 1 is always.")
	longestRound = define(gauge, "loop_longest_round_seconds",
		"The longest round of the event loop in the last one to two minutes.")
	inboxWait = define(0, "inbox_wait_seconds",
		"How long the oldest message of each batch had waited when the event loop took the batch.")
	loopResponding = define(gauge, "loop_responding",
		"1 if the event loop has answered this scrape within a second, otherwise 0. Missing on standby.")
	unsent = define(gauge, "unsent_bytes",
		"Bytes that wait to be sent to all clients.")
	slowClients = define(counter, "slow_clients_total",
		"Clients that were cut off because they read too slowly.")
	memoryUsed = define(gauge, "memory_used_bytes",
		"About how many bytes the broker uses, as it estimates for its memory limit.")
	memoryLimit = define(gauge, "memory_limit_bytes",
		"The memory limit of the broker.")
	refusals = define(counter, "refusals_total",
		"What was refused because of a limit, by the limit.", "limit")
)

// Tokens, pauses and the audit.
var (
	tokensReserved = define(gauge, "tokens_reserved",
		"Fencing tokens that may be granted before more must be reserved.")
	reservations = define(counter, "token_reservations_total",
		"Reservations of fencing tokens, by result. A failed one is tried again every second.", "result")
	pause = define(gauge, "pause",
		"1 while nothing is granted for this reason, otherwise 0.", "reason")
	ownerTerm = define(gauge, "owner_term",
		"The term of the owner, while it may answer. 0 on standby, and if the broker is alone.")
	auditDropped = define(counter, "audit_records_dropped_total",
		"Records of the audit that were dropped.")
)

// Single locks, by the globs of the operator.
var (
	lockRequests = define(gauge, "lock_requests",
		"Requests that wait for the lock or hold it now.", "lock", "state")
	lockGrants = define(counter, "lock_grants_total",
		"Requests for the lock that were granted.", "lock")
	lockWaited = define(counter, "lock_waited_seconds_total",
		"How long the granted requests for the lock had waited, in total.", "lock")
	lockHeld = define(counter, "lock_held_seconds_total",
		"How long the ended requests for the lock had held it, in total.", "lock")
	lockDropped = define(counter, "lock_grants_dropped_total",
		"Grants of locks that match a glob but have no series, because there are too many.")
)
