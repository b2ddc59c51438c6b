package access

// Len returns how many tokens are accepted, with those that have expired.
func (t *Tokens) Len() int { return len(t.lines) }

// Len returns how many rules there are.
func (p *Policy) Len() int { return len(p.rules) }
