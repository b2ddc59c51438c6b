package simulation

import "fmt"

// check returns what is wrong with a plan.
func (p *Plan) check() error {
	if p.Timeout <= 0 || p.Heartbeat <= 0 || p.Rate <= 0 || p.Tokens <= 0 || p.Window <= 0 || p.Quiet < 0 {
		return fmt.Errorf("the broker needs a timeout, a heartbeat, a rate, tokens and a window")
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
		outer, under := calls[c.In], calls[c.Under]
		switch {
		case c.Number <= 0 || calls[c.Number] != nil:
			return fmt.Errorf("call %d: it needs a number of its own", c.Number)
		case !clients[c.Client]:
			return fmt.Errorf("call %d: there is no client %d", c.Number, c.Client)
		case len(c.Locks) == 0:
			return fmt.Errorf("call %d: it needs a lock", c.Number)
		case c.In > 0 && (outer == nil || outer.Client != c.Client):
			return fmt.Errorf("call %d: no earlier call %d of its client", c.Number, c.In)
		case c.Under > 0 && under == nil:
			return fmt.Errorf("call %d: no earlier call %d", c.Number, c.Under)
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
