package wsclient

// Open is how much c still expects to hear of: requests, replies and watches.
func Open(c *Client) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := c.pending.len()
	if conn := c.conn; conn != nil {
		open += conn.requests.len() + conn.asked.len() + conn.watches.len()
	}
	return open
}

// Sketch writes locks as "a: 1 2 | 3": held by the requests numbered 1 and 2,
// while 3 waits.
var Sketch = sketch
