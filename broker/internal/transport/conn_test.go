package transport

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"time"
)

// A fakeConn records what is written to it. Its reads return the bytes of the field in.
type fakeConn struct {
	net.Conn
	in     io.Reader
	reads  int
	writes [][]byte
}

func (c *fakeConn) Read(p []byte) (int, error) {
	c.reads++
	return c.in.Read(p)
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.writes = append(c.writes, bytes.Clone(p))
	return len(p), nil
}

func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }

// Bytes that arrive together take few system reads. All of them are returned in order, whatever the
// size of the caller's buffer.
func TestReadsAhead(t *testing.T) {
	sent := make([]byte, 10*batchBytes)
	for i := range sent {
		sent[i] = byte(i % 251)
	}
	for i, ask := range []int{1, 100, FrameBuffer, batchBytes - 1, batchBytes, 3 * batchBytes, FrameBuffer} {
		line := &fakeConn{in: bytes.NewReader(sent)}
		if i == 6 { // the last bytes come with the error, as with TLS
			line.in = iotest.DataErrReader(line.in)
		}
		conn := newConn(line)
		var got []byte
		p := make([]byte, ask)
		for {
			n, err := conn.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				break
			}
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("a buffer of %d: the bytes read are not those sent", ask)
		}
		if line.reads > 14 && i != 6 {
			t.Errorf("a buffer of %d: %d reads for %d bytes", ask, line.reads, len(sent))
		}
		if conn.room != nil {
			t.Errorf("a buffer of %d: the memory was not given back", ask)
		}
	}
}

// Bytes that arrive one by one are returned at once, and take no batch memory.
func TestReadsWithoutWaiting(t *testing.T) {
	line := &fakeConn{in: iotest.OneByteReader(bytes.NewReader([]byte("abc")))}
	conn := newConn(line)
	p := make([]byte, FrameBuffer)
	for _, want := range "abc" {
		n, err := conn.Read(p)
		if n != 1 || err != nil || p[0] != byte(want) || conn.room != nil {
			t.Errorf("got %q, %v", p[:n], err)
		}
	}
}

// Gathered bytes are written in order: in one write, or in several if there are many.
func TestGathers(t *testing.T) {
	line := &fakeConn{}
	conn := newConn(line)
	write := func(p []byte) {
		t.Helper()
		if n, err := conn.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	write([]byte("alone"))
	conn.Gather()
	write([]byte("one,"))
	write([]byte("two"))
	if len(line.writes) != 1 {
		t.Fatalf("written before the flush: %q", line.writes)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	conn.Gather()
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(line.writes) != 2 || string(line.writes[0]) != "alone" || string(line.writes[1]) != "one,two" {
		t.Errorf("got %q", line.writes)
	}

	line.writes = nil
	big := bytes.Repeat([]byte("b"), batchBytes+1)
	half := bytes.Repeat([]byte("h"), batchBytes/2+1)
	conn.Gather()
	write([]byte("first"))
	write(big)
	write(half)
	write(half)
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte("first"), big, half, half}
	if got, want := bytes.Join(line.writes, nil), bytes.Join(want, nil); !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, want %d in the same order", len(got), len(want))
	}
	write([]byte("after"))
	if got := line.writes[len(line.writes)-1]; string(got) != "after" {
		t.Errorf("got %q after the flush", got)
	}
}

// Another goroutine may write at the same time, as the library does with close frames. Its bytes
// are neither lost nor mixed with others.
func TestGathersConcurrentWrites(t *testing.T) {
	line := &fakeConn{}
	conn := newConn(line)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			if _, err := conn.Write([]byte("<close>")); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 1000 {
		conn.Gather()
		for range 3 {
			if _, err := conn.Write([]byte("[frame]")); err != nil {
				t.Error(err)
			}
		}
		if err := conn.Flush(); err != nil {
			t.Error(err)
		}
	}
	<-done
	all := bytes.Join(line.writes, nil)
	if n := bytes.Count(all, []byte("[frame]")); n != 3000 {
		t.Errorf("%d frames, want 3000", n)
	}
	if n := bytes.Count(all, []byte("<close>")); n != 1000 || len(all) != 4000*7 {
		t.Errorf("%d from the other goroutine, want 1000; %d bytes", n, len(all))
	}
}
