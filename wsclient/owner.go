package wsclient

// Owner returns which broker serves the client, if that is one of several: the URL at which clients and other brokers
// reach it, and the number of its term, which rises with each owner. If a standby passes the client on, this is not the
// URL of [Dial]. Owner returns "" and 0 if the broker is alone, and while there is no connection.
func (c *Client) Owner() (url string, term int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return "", 0
	}
	return c.conn.hello.Owner, c.conn.hello.Term
}
