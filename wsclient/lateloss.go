package wsclient

// LateLosses returns how many locks with AsyncRelease in [AcquireOptions] were lost, since Dial, before the broker
// handled their releases. OnLateLoss in [Options] gets each of them.
func (c *Client) LateLosses() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lateLosses
}
