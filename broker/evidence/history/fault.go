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
	Worker int // the index of the worker, if the kind concerns one
	To     faultproxy.Side
	Value  int // of a delay and of a session timeout in milliseconds, of a slow network in bytes a second
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
	refuse       Kind = "refuse connections"
	heal         Kind = "heal"
	kill         Kind = "kill -9"
	stop         Kind = "stop and restart"
	freeze       Kind = "SIGSTOP"
	thaw         Kind = "SIGCONT"
	killBroker   Kind = "kill -9 the broker"
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
	end       Kind // "": it ends by itself
	lockDelay bool // it is drawn only with lock delay
}

// kinds are the kinds of faults. PROMISES.md excludes the last three without lock delay: something between client and
// broker ends the broker's side of the connection, and the client does not know.
var kinds = []kind{
	{name: resetClient, weight: 8},
	{name: closeClient, weight: 8},
	{name: outage, weight: 12, end: heal},
	{name: halfOpen, weight: 20},
	{name: delay, weight: 8, end: heal},
	{name: slow, weight: 3, end: heal},
	{name: refuse, weight: 2, end: heal},
	{name: kill, weight: 10},
	{name: stop, weight: 2},
	{name: freeze, weight: 12, end: thaw},
	{name: killBroker, weight: 2},
	{name: drainBroker, weight: 2},
	{name: freezeBroker, weight: 2, end: thawBroker},
	{name: resetBroker, weight: 8, lockDelay: true},
	{name: closeBroker, weight: 8, lockDelay: true},
	{name: resetBoth, weight: 8, lockDelay: true},
}

func (k kind) weightIn(p *Plan) int {
	if k.lockDelay && !p.LockDelay {
		return 0
	}
	return k.weight
}

// describe returns the fault for a person.
func (f Fault) describe(p *Plan) string {
	text := fmt.Sprintf("%8.3fs ", f.At.Seconds())
	switch f.Kind {
	case killBroker, drainBroker:
		return text + fmt.Sprintf("%s; the next has the session timeout %d ms", f.Kind, f.Value)
	case freezeBroker, thawBroker:
		return text + string(f.Kind)
	}
	text += fmt.Sprintf("%s: %s", p.Workers[f.Worker].Name, f.Kind)
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
