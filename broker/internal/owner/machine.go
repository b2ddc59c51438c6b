package owner

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A role is what a broker is at the moment.
type role uint8

const (
	standby role = iota // watches the record
	taking              // has begun a write that makes it the owner
	loading             // is named in the record, and must still read the sessions
	serving             // is the owner
)

// A Machine makes the decisions of one run of a broker.
type Machine struct {
	config Config
	role   role
	owner  cluster.Owner // what this broker has written about itself; valid while it is loading or serving
	watch  watch
	chain  chain
	record record

	// Of this term.
	tokens    int64         // the first token
	graceEnds time.Duration // on the monotonic clock
	accepted  string        // the id of the snapshot with which it began, or ""

	handOver handOver
	resigned bool   // this broker has resigned in favour of nobody, and does not want to be the owner again
	snapshot string // the id of the snapshot that this broker has received, or ""
}

// New returns a machine that is a standby.
func New(config Config) *Machine {
	if config.MaxChanges == 0 {
		config.MaxChanges = defaultMaxChanges
	}
	return &Machine{config: config}
}

// Term returns the term of this broker if it is the owner, else 0. No term comes twice.
func (m *Machine) Term() int64 {
	if m.role != serving {
		return 0
	}
	return m.owner.Term
}

// Owner returns the owner as this broker last saw it in the record. It is the zero value before the first read.
func (m *Machine) Owner() cluster.Owner { return m.watch.head.Owner }

// Tokens returns the fencing tokens that this term may give out without a call of Reserve: from first, and below
// limit.
func (m *Machine) Tokens() (first, limit int64) { return m.tokens, m.owner.Tokens }

// Patience returns how long one call of the store may take. The caller must end it then, and report the error. A
// read of the sessions may take ten times as long, because there may be very many.
func (m *Machine) Patience() time.Duration { return m.config.patience() }

// MayAnswer reports whether the broker may send messages to clients. The caller reads the clocks after it has taken
// the messages that it answers, and before it sends the answers.
func (m *Machine) MayAnswer(now Instant) bool {
	return m.role == serving && now.since(m.chain.renewed) <= m.config.gate()
}

// AnswersUntil returns the last moment at which MayAnswer will be true, on both clocks, if no further write is
// acknowledged. It returns false if it is not true.
func (m *Machine) AnswersUntil(now Instant) (Instant, bool) {
	gate := m.config.gate()
	return Instant{m.chain.renewed.Mono + gate, m.chain.renewed.Wall + gate}, m.MayAnswer(now)
}

// Tick does what is due at now.
func (m *Machine) Tick(now Instant) {
	if m.hasLongGrace() && now.Mono >= m.graceEnds {
		m.owner.Grace = m.config.grace()
		m.changeOwner()
	}
}

// Deadline returns the time on the monotonic clock at which there is next something to do without a call of the store
// that ends. It returns false if there is no such time. It is not in the future if there is something to do now.
func (m *Machine) Deadline(now Instant) (due time.Duration, some bool) {
	sooner := func(other time.Duration, applies bool) {
		if applies && (!some || other < due) {
			due, some = other, true
		}
	}
	sooner(m.watch.nextRead, m.role == standby && !m.watch.reading)
	sooner(m.chain.retryAt, m.role == loading && !m.record.reading)
	sooner(m.graceEnds, m.hasLongGrace())
	sooner(m.writeDue(now))
	return due, some
}

// lose ends the ownership, or the attempt to get it. head is the record as it is now.
func (m *Machine) lose(now Instant, head cluster.Head) {
	m.role, m.owner = standby, cluster.Owner{}
	m.record.forget()
	m.accepted, m.handOver = "", handOver{}
	m.watch.see(now.Mono, head, &m.config)
}
