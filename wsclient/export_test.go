package wsclient

// Open returns how much c still expects to hear of: requests, answers and watches.
func Open(c *Client) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := c.core.OpenRequests()
	if conn := c.conn; conn != nil {
		open += conn.inquiries.Len() + conn.watches.Len()
	}
	return open
}

// Sketch writes locks as "a: 1 2 | 3": held by the requests numbered 1 and 2,
// while 3 waits.
var Sketch = sketch
