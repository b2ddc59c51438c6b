package wsclient

// If this client itself holds the lock that a call requests, the error says why that does not help the call.
const (
	hintContext  = "; a call inside that lock must use the context of the lock"
	hintStricter = "; the call is inside that lock, which cannot become stricter"
	hintReleased = "; it was released, but its MinHold has not passed"
)

// hint returns what an error of l should add if this client, with that session, is one of the holders. It returns ""
// if others hold the lock. The caller must not hold mu.
func (l *Lock) hint(holders []RequestInfo, session string) string {
	hint := ""
	for _, h := range holders {
		switch {
		case h.ID.Session != session:
		case l.isInside(h.ID):
			return hintStricter // anything else would be covered
		case l.client.isLingering(h.ID):
			hint = hintReleased
		case hint == "":
			hint = hintContext
		}
	}
	return hint
}

// isInside reports whether the request with that id encloses the call of l.
func (l *Lock) isInside(id ID) bool {
	for outer := l.outer(); outer != nil; outer = outer.outer() {
		if outer.ID() == id {
			return true
		}
	}
	return false
}

// isLingering reports whether the request was released, and the client still holds the lock because of its MinHold.
func (c *Client) isLingering(id ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.IsLingering(id)
}
