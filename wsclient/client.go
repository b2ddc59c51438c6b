package wsclient

import "time"

// A Client is a connection to a broker. It is safe for concurrent use.
type Client struct {
	options Options
	conn    *conn
}

// Session is the name that the broker gave this connection. The ids of its
// requests begin with it.
func (c *Client) Session() string { return c.conn.hello.Session }

// Done is closed when the connection has ended for good, by Close or otherwise.
func (c *Client) Done() <-chan struct{} { return c.conn.done }

// Err is nil until Done is closed; then it says why: ErrClosed, or an error
// that is ErrConnection.
func (c *Client) Err() error {
	select {
	case <-c.conn.done:
		return c.conn.err
	default:
		return nil
	}
}

// Draining is closed when the broker has said that it stops. It grants no lock
// any more: what waits, and what is asked for from then on, ends with
// ErrShuttingDown. Locks that are held are to be released soon; when none is
// held any more, or when the broker's patience is over, the connection ends, with
// all that is still held. A connection may also end without this.
func (c *Client) Draining() <-chan struct{} { return c.conn.draining }

// Close ends the connection, which releases every lock and withdraws every
// waiting request. The contexts of held locks end first. It returns once
// no goroutine of the client is left, after two seconds at most. Closing
// again does nothing. The error is always nil; Close is an io.Closer.
func (c *Client) Close() error {
	c.conn.end(LostClosed, ErrClosed)
	// Only then: the broker is to get a close frame, if it still reads.
	late := time.AfterFunc(2*closeWait, c.conn.cut)
	defer late.Stop()
	c.conn.goroutines.Wait()
	return nil
}
