package simulation

import (
	"errors"
	"fmt"
	"time"
)

// check returns what is wrong with a plan.
func (p *Plan) check() error {
	if p.Timeout <= 0 || p.Heartbeat <= 0 || p.Rate <= 0 || p.Tokens <= 0 || p.Window <= 0 || p.Quiet < 0 {
		return errors.New("the broker needs a timeout, a heartbeat, a rate, tokens and a window")
	}
	if err := p.checkBrokers(); err != nil {
		return err
	}
	clients := make(map[int]bool)
	for i := range p.Clients {
		c := &p.Clients[i]
		if c.Rate <= 0 || c.Number <= 0 || clients[c.Number] {
			return fmt.Errorf("client %d: it needs a rate and a number of its own", c.Number)
		}
		clients[c.Number] = true
	}
	calls := make(map[int]*Call)
	for i := range p.Calls {
		c := &p.Calls[i]
		if err := c.check(clients, calls); err != nil {
			return fmt.Errorf("call %d: %w", c.Number, err)
		}
		calls[c.Number] = c
	}
	return p.checkFaults(clients)
}

// checkFaults returns what is wrong with the faults of a plan.
func (p *Plan) checkFaults(clients map[int]bool) error {
	for i := range p.Faults {
		switch f := &p.Faults[i]; {
		case f.Kind <= DrainClient != clients[f.Client]:
			return fmt.Errorf("fault %s: client %d", f.Kind, f.Client)
		case f.Broker < 0 || f.Broker > max(p.Brokers, 1):
			return fmt.Errorf("fault %s: broker %d", f.Kind, f.Broker)
		}
	}
	return nil
}

// check returns what is wrong with a call. earlier has the calls before it.
func (c *Call) check(clients map[int]bool, earlier map[int]*Call) error {
	outer := earlier[c.In]
	switch {
	case c.Number <= 0 || earlier[c.Number] != nil:
		return errors.New("it needs a number of its own")
	case !clients[c.Client]:
		return fmt.Errorf("there is no client %d", c.Client)
	case len(c.Locks) == 0:
		return errors.New("it needs a lock")
	case c.In > 0 && (outer == nil || outer.Client != c.Client):
		return fmt.Errorf("its client has no earlier call %d", c.In)
	case c.Under > 0 && earlier[c.Under] == nil:
		return fmt.Errorf("there is no earlier call %d", c.Under)
	}
	return nil
}

// checkBrokers returns what is wrong with the brokers of a plan, if there are several.
func (p *Plan) checkBrokers() error {
	switch {
	case p.Lasting && (!p.StateDir || p.Brokers > 0):
		return errors.New("lasting sessions need a state directory, or several brokers")
	case p.Brokers == 0:
		return nil
	case p.Brokers < 2 || p.Brokers > 3:
		return errors.New("there may be two or three brokers that share a store")
	case p.Takeover < time.Second || p.Rate2 <= 0 || p.Brokers > 2 && p.Rate3 <= 0 || p.StateDir:
		return errors.New("several brokers need a takeover of a second and rates, and no state directory")
	}
	return nil
}
