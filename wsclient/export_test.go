package wsclient

// Open is how much c still expects to hear of: requests, replies and watches.
func Open(c *Client) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := len(c.pending)
	if conn := c.conn; conn != nil {
		open += len(conn.requests) + len(conn.asked) + len(conn.watches)
	}
	return open
}

// Sketch writes locks as "a: 1 2 | 3": held by the requests numbered 1 and 2,
// while 3 waits.
var Sketch = sketch
