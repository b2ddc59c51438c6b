package wsclient

import "testing"

// A frame that the client cannot decode might have been about a lock. So it ends the connection, and the lock is lost.
func TestBadFrame(t *testing.T) {
	l := fixture(t, 0)
	conn := l.client.conn
	err := conn.receive([]byte(`{"type":"lost"`))
	if err == nil {
		t.Fatal("the frame is ignored")
	}
	conn.abandon(err)
	if l.Valid() {
		t.Error("the lock is still held")
	}
}
