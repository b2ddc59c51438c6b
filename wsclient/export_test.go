package wsclient

// Open is how much c still expects to hear of: requests, replies and watches.
func Open(c *Client) int {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	return len(c.conn.requests) + len(c.conn.asked) + len(c.conn.watches)
}

// Sketch writes locks as "a: 1 2 | 3": held by the requests numbered 1 and 2,
// while 3 waits.
var Sketch = sketch
