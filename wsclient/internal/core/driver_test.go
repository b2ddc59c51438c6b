package core

import (
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A driver gives commands to a machine, and writes what they cause as lines.
type driver struct {
	machine  *Machine
	now      Instant
	requests []*Request // all requests that were passed to Acquire
	recorder recorder
}

var errNetwork = errors.New("network")

// find returns the latest request of that name, or nil.
func (d *driver) find(name string) *Request {
	for i := len(d.requests) - 1; i >= 0; i-- {
		if d.requests[i].Owner == name {
			return d.requests[i]
		}
	}
	return nil
}

// idOf returns the id of the request of that name. If there is none, it reads the name as an id.
func (d *driver) idOf(name string) wire.ID {
	if r := d.find(name); r != nil {
		return r.What.ID
	}
	return wire.ParseID(name)
}

// numbers returns the numbers of the requests with those names.
func (d *driver) numbers(names []string) (numbers []int64) {
	for _, name := range names {
		numbers = append(numbers, d.idOf(name).N)
	}
	return numbers
}

// begins reports whether a connection may begin with the command.
func (c command) begins() bool {
	return c.verb == "connect" || c.verb == "resumed" || c.verb == "notresumed"
}

// do gives c to the machine and returns what it caused.
func (d *driver) do(c command) (lines []string, err error) {
	d.machine.Output().Reset()
	before := viewOf(d.machine)
	answer, err := d.step(c)
	if err == nil && !d.machine.Output().Changed {
		err = before.checkUnchanged(d.machine)
	}
	if err != nil {
		return nil, err
	}
	lines = append(lines, outputLines(d.machine.Output())...)
	err = d.see()
	d.machine.Output().Reset()
	for c.begins() && d.machine.SubmitNext(d.now) {
		lines = append(lines, outputLines(d.machine.Output())...)
		err = errors.Join(err, d.see())
		d.machine.Output().Reset()
	}
	if answer != "" {
		lines = append(lines, answer)
	}
	return lines, err
}

// see shows the outputs of the latest step to the recorder.
func (d *driver) see() error {
	if err := checkStatement(d.machine); err != nil {
		return err
	}
	for _, m := range d.machine.Output().Send {
		if err := checkMinHold(d, m); err != nil {
			return err
		}
	}
	return d.recorder.see(d.machine.Output())
}

// step calls the machine, and returns what the caller learns from the call.
func (d *driver) step(c command) (answer string, err error) {
	m := d.machine
	switch c.verb {
	case "at":
		d.now = c.at
		m.Tick(d.now)
	case "clock":
		d.now = c.at
	case "connect":
		made := d.now
		made.Mono -= c.connect.madeAgo
		made.Wall -= c.connect.madeAgo
		m.Connected(c.name, c.connect.message(c.name), made, d.now)
	case "disconnected":
		m.Disconnected(errNetwork, c.closeCode, d.now)
	case "abandon":
		m.Abandon(errNetwork, d.now)
	case "drain", "close", "giveup", "confirm":
		d.finish(c.verb)
	case "ping":
		if id, ok := m.Ping(d.now); ok {
			return "ping " + id.String(), nil
		}
	case "acquire":
		return d.acquire(c)
	case "state":
		return stateText(m), nil
	case "deadline":
		return d.deadline(), nil
	default:
		if reply := c.reply(d); reply != nil {
			m.Receive(reply, d.now)
			return "", nil
		}
		return d.onRequest(c)
	}
	return "", nil
}

// finish executes a command that ends the client, or comes before its end.
func (d *driver) finish(verb string) {
	switch verb {
	case "drain":
		d.machine.Drain()
	case "close":
		d.machine.Close(d.now)
	case "giveup":
		d.machine.GiveUp(errNetwork, d.now)
	case "confirm":
		d.machine.AskForConfirmation()
	}
}

func (d *driver) deadline() string {
	if due, ok := d.machine.Deadline(); ok {
		return due.String()
	}
	return "none"
}

func (d *driver) acquire(c command) (string, error) {
	a := c.acquire
	r := &Request{Owner: c.name, Wait: a.wait, Hold: a.hold, MinHold: a.minHold, Async: a.async, Once: a.once}
	r.What = wire.Acquire{Locks: append([]wire.LockSpec(nil), a.locks...), Parent: a.parent, Steal: a.steal}
	if a.inside != "" {
		if r.Outer = d.find(a.inside); r.Outer == nil {
			return "", fmt.Errorf("no request %q", a.inside)
		}
	}
	d.requests = append(d.requests, r)
	switch refused := d.machine.Acquire(r, d.now); {
	case refused != nil:
		return "refused: " + endText(refused), nil
	case r.IsCovered():
		return "covered", nil
	}
	return "", nil
}

// onRequest executes a command about one request.
func (d *driver) onRequest(c command) (string, error) {
	m, r := d.machine, d.find(c.name)
	if r == nil {
		return "", fmt.Errorf("no request %q", c.name)
	}
	switch c.verb {
	case "claim":
		m.Tick(d.now) // Settle does so only if r holds
		settled, _ := m.Settle(r, false, d.now)
		return fmt.Sprint(settled == Claimed), nil
	case "release":
		m.Release(r, d.now)
	case "cancel":
		m.Cancel(r)
	case "valid":
		before := m.WouldBeValid(r, d.now)
		isHeld := r.IsHolding() || r.IsCovered()
		valid := m.Valid(r, d.now)
		if isHeld && before != valid {
			return "", fmt.Errorf("WouldBeValid of %s: %t", c.name, before)
		}
		return fmt.Sprint(valid), nil
	case "lease":
		left, kept := m.LeaseOf(r, d.now)
		return fmt.Sprintf("left %v, kept %v", left, kept), nil
	case "parent":
		return fmt.Sprint(m.IsParent(r)), nil
	case "token":
		return fmt.Sprintf("token %d of %s", r.Token(), r.ID()), nil
	}
	return "", nil
}

// reply returns the message of the broker that c stands for, or nil.
func (c command) reply(d *driver) wire.Reply {
	id := d.idOf(c.name)
	switch c.verb {
	case "hello":
		return &wire.Hello{}
	case "granted":
		return &wire.Granted{ID: id, Token: c.token}
	case "released":
		return &wire.Released{ID: id}
	case "cancelled":
		return &wire.Cancelled{ID: id}
	case "lost":
		return &wire.Lost{ID: id, Reason: wire.LostReason(c.reason), By: c.by, Message: c.text}
	case "error":
		return &wire.Error{ID: id, Code: c.code}
	case "pong":
		return &wire.Pong{ID: id, NotGranting: c.pause}
	case "info":
		return &wire.InfoPage{NotGranting: c.pause}
	case "why":
		return &wire.Chain{NotGranting: c.pause}
	case "draining":
		return &wire.Draining{}
	case "moving":
		return &wire.Moving{}
	case "resumed":
		return &wire.Resumed{ID: id, Held: d.numbers(c.held), Lost: d.numbers(c.lost)}
	case "notresumed":
		return &wire.NotResumed{ID: id}
	}
	return nil
}

// A view is the part of a machine's state whose changes Output.Changed reports.
type view struct {
	state  string
	pause  wire.Pause
	closed *End
	due    time.Duration
	isDue  bool
}

func viewOf(m *Machine) view {
	due, isDue := m.Deadline()
	return view{stateText(m), m.Pause(), m.Closed(), due, isDue}
}

// checkUnchanged checks that nothing has changed that Output.Changed should have reported.
func (v view) checkUnchanged(m *Machine) error {
	now := viewOf(m)
	isEarlier := now.isDue && (!v.isDue || now.due < v.due)
	if now.state != v.state || now.pause != v.pause || now.closed != v.closed || isEarlier {
		return fmt.Errorf("output.Changed is false: before %+v, now %+v", v, now)
	}
	return nil
}

func stateText(m *Machine) string {
	text := map[State]string{
		StateConnecting: "connecting", StateConnected: "connected", StateNotGranting: "not granting",
		StateDraining: "draining", StateClosed: "closed",
	}[m.State()]
	if m.IsDrained() {
		text += ", drained"
	}
	return text
}
