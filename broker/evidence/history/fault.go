package history

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
)

// A Fault is something that the plan does to a worker, to its network, or to the broker.
type Fault struct {
	At     time.Duration
	Kind   Kind
	Worker int // the index of the worker, if the kind concerns one and AtHold is false
	To     faultproxy.Side
	Value  int  // of a delay and of a session timeout in milliseconds, of a slow network in bytes a second
	Chain  int  // the number of the fault that this one belongs to; both are for the same worker
	AtHold bool // it is for the worker that was last granted a lock that it holds for long
}

// A Kind is a kind of fault.
type Kind string

// The kinds of faults. Those that last end with heal, thaw or thawBroker.
const (
	resetClient  Kind = "reset the client's side"
	closeClient  Kind = "close the client's side"
	outage       Kind = "outage"
	halfOpen     Kind = "half-open"
	delay        Kind = "delay"
	slow         Kind = "slow"
	lateAnswers  Kind = "answers are late"
	refuse       Kind = "refuse connections"
	heal         Kind = "heal"
	kill         Kind = "kill -9"
	stop         Kind = "stop and restart"
	freeze       Kind = "SIGSTOP"
	thaw         Kind = "SIGCONT"
	killBroker   Kind = "kill -9 the broker"
	failBroker   Kind = "power failure of the broker"
	drainBroker  Kind = "SIGTERM to the broker"
	freezeBroker Kind = "SIGSTOP to the broker"
	thawBroker   Kind = "SIGCONT to the broker"
	resetBroker  Kind = "reset the broker's side"
	closeBroker  Kind = "close the broker's side"
	resetBoth    Kind = "reset both sides"
)

// A kind is how often a kind of fault is drawn, and how it ends.
type kind struct {
	name      Kind
	weight    int
	few       int  // its weight in plans with few faults
	atHold    bool // most of them are for a worker that holds a lock
	end       Kind // "": it ends by itself
	lockDelay bool // it is drawn only with lock delay
}

// kinds are the kinds of faults. PROMISES.md excludes the last three without lock delay: something between client and
// broker ends the broker's side of the connection, and the client does not know.
var kinds = []kind{
	{name: resetClient, weight: 6, few: 3, atHold: true},
	{name: closeClient, weight: 6, atHold: true},
	{name: outage, weight: 10, few: 1, atHold: true, end: heal},
	{name: halfOpen, weight: 16, few: 2, atHold: true},
	{name: delay, weight: 6, atHold: true, end: heal},
	{name: slow, weight: 3, end: heal},
	{name: lateAnswers, weight: 12, few: 4, atHold: true, end: heal},
	{name: refuse, weight: 2, end: heal},
	{name: kill, weight: 8, few: 1, atHold: true},
	{name: stop, weight: 2},
	{name: freeze, weight: 10, atHold: true, end: thaw},
	{name: killBroker, weight: 2},
	{name: failBroker, weight: 6, few: 3, atHold: true},
	{name: drainBroker, weight: 2},
	{name: freezeBroker, weight: 2, end: thawBroker},
	{name: resetBroker, weight: 30, few: 14, atHold: true, lockDelay: true},
	{name: closeBroker, weight: 10, few: 1, atHold: true, lockDelay: true},
	{name: resetBoth, weight: 4, atHold: true, lockDelay: true},
}

func (k kind) weightIn(p *Plan) int {
	if k.lockDelay && !p.LockDelay {
		return 0
	}
	if p.Few {
		return k.few
	}
	return k.weight
}

// describe returns the fault for a person.
func (f Fault) describe(p *Plan) string {
	text := fmt.Sprintf("%8.3fs ", f.At.Seconds())
	switch f.Kind {
	case killBroker, failBroker, drainBroker:
		return text + fmt.Sprintf("%s; the next has the session timeout %d ms", f.Kind, f.Value)
	case freezeBroker, thawBroker:
		return text + string(f.Kind)
	}
	text += fmt.Sprintf("%s: %s", p.Workers[f.Worker].Name, f.Kind)
	if f.AtHold {
		text += ", as it holds"
	}
	switch f.Kind {
	case outage, halfOpen:
		return text + directions[f.To]
	case delay:
		return text + fmt.Sprintf("%s, %d ms", directions[f.To], f.Value)
	case slow:
		return text + fmt.Sprintf("%s, %d bytes a second", directions[f.To], f.Value)
	}
	return text
}

var directions = map[faultproxy.Side]string{
	faultproxy.Client: " towards the client",
	faultproxy.Broker: " towards the broker",
	faultproxy.Both:   " in both directions",
}
