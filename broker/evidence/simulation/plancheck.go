package simulation

import (
	"errors"
	"fmt"
)

// check returns what is wrong with a plan.
func (p *Plan) check() error {
	if p.Timeout <= 0 || p.Heartbeat <= 0 || p.Rate <= 0 || p.Tokens <= 0 || p.Window <= 0 || p.Quiet < 0 {
		return errors.New("the broker needs a timeout, a heartbeat, a rate, tokens and a window")
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
	for i := range p.Faults {
		if f := &p.Faults[i]; f.Kind <= DrainClient != clients[f.Client] {
			return fmt.Errorf("fault %s: client %d", f.Kind, f.Client)
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
