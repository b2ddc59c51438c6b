package wsclient

// Open returns how many requests, answers and watches c still waits for or holds.
func Open(c *Client) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := c.core.OpenRequests()
	if conn := c.conn; conn != nil {
		open += conn.inquiries.Len() + conn.watches.Len()
	}
	return open
}

// AskNobody makes c send nothing but what the calls of a conversation ask for: when a call gives up, c does not ask who
// holds the lock.
func AskNobody(c *Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asksNobody = true
}

// Sketch writes locks as "a: 1 2 | 3": the requests numbered 1 and 2 hold a, and 3 waits for it.
var Sketch = sketch
