package broker

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"time"
)

// A wire end that notes what reaches it, and gives what it was given.
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

func newBatchConn(c *fakeConn) *batchConn {
	return &batchConn{progressConn: newProgressConn(c)}
}

// Much that arrives at once takes few reads, and every byte of it is handed on, in
// order, however much is asked for.
func TestReadsAhead(t *testing.T) {
	sent := make([]byte, 10*batchBytes)
	for i := range sent {
		sent[i] = byte(i % 251)
	}
	for i, ask := range []int{1, 100, frameBuffer, batchBytes - 1, batchBytes, 3 * batchBytes, frameBuffer} {
		line := &fakeConn{in: bytes.NewReader(sent)}
		if i == 6 { // the last bytes come together with the error, as with TLS
			line.in = iotest.DataErrReader(line.in)
		}
		conn := newBatchConn(line)
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
			t.Errorf("asking for %d: what was read is not what was sent", ask)
		}
		if line.reads > 14 && i != 6 {
			t.Errorf("asking for %d: %d reads for %d bytes", ask, line.reads, len(sent))
		}
		if conn.room != nil {
			t.Errorf("asking for %d: the memory was not given back", ask)
		}
	}
}

// What arrives bit by bit is handed on as it comes, and takes no memory.
func TestReadsWhatThereIs(t *testing.T) {
	line := &fakeConn{in: iotest.OneByteReader(bytes.NewReader([]byte("abc")))}
	conn := newBatchConn(line)
	p := make([]byte, frameBuffer)
	for _, want := range "abc" {
		n, err := conn.Read(p)
		if n != 1 || err != nil || p[0] != byte(want) || conn.room != nil {
			t.Errorf("got %q, %v", p[:n], err)
		}
	}
}

// What is gathered leaves in one write, in order, or in several where it is much.
func TestGathers(t *testing.T) {
	line := &fakeConn{}
	conn := newBatchConn(line)
	write := func(p []byte) {
		t.Helper()
		if n, err := conn.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	write([]byte("alone"))
	conn.gather()
	write([]byte("one,"))
	write([]byte("two"))
	if len(line.writes) != 1 {
		t.Fatalf("written before the flush: %q", line.writes)
	}
	if err := conn.flush(); err != nil {
		t.Fatal(err)
	}
	conn.gather()
	if err := conn.flush(); err != nil {
		t.Fatal(err)
	}
	if len(line.writes) != 2 || string(line.writes[0]) != "alone" || string(line.writes[1]) != "one,two" {
		t.Errorf("got %q", line.writes)
	}

	line.writes = nil
	big := bytes.Repeat([]byte("b"), batchBytes+1)
	half := bytes.Repeat([]byte("h"), batchBytes/2+1)
	conn.gather()
	write([]byte("first"))
	write(big)
	write(half)
	write(half)
	if err := conn.flush(); err != nil {
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

// Writes that come from elsewhere meanwhile, such as the library's own close frames, are
// neither lost nor torn.
func TestGathersForSeveral(t *testing.T) {
	line := &fakeConn{}
	conn := newBatchConn(line)
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
		conn.gather()
		for range 3 {
			if _, err := conn.Write([]byte("[frame]")); err != nil {
				t.Error(err)
			}
		}
		if err := conn.flush(); err != nil {
			t.Error(err)
		}
	}
	<-done
	all := bytes.Join(line.writes, nil)
	if n := bytes.Count(all, []byte("[frame]")); n != 3000 {
		t.Errorf("%d frames, want 3000", n)
	}
	if n := bytes.Count(all, []byte("<close>")); n != 1000 || len(all) != 4000*7 {
		t.Errorf("%d from elsewhere, want 1000; %d bytes", n, len(all))
	}
}
