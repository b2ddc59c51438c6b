package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A raw is a session that costs this process very little: it builds and splits frames by hand and does not decode most
// of them. One goroutine reads; any goroutine may write.
type raw struct {
	conn    *net.TCPConn
	in      *bufio.Reader
	frame   []byte // the one that was read last
	session string

	mu  sync.Mutex
	out []byte // what the next flush writes
}

// rawHandshake opens a session. Its label is as long as the labels of Go clients.
const rawHandshake = "GET /ws?client=bench.test@localhost:12345 HTTP/1.1\r\nHost: localhost\r\n" +
	"Upgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Protocol: " + wire.Subprotocol + "\r\n\r\n"

// dialRaw opens a session with a read buffer of that size.
func dialRaw(address string, readBuffer int) (*raw, error) {
	conn, err := net.DialTimeout("tcp4", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	r := &raw{conn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, readBuffer)}
	if err := r.handshake(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return r, nil
}

func (r *raw) handshake() error {
	if _, err := io.WriteString(r.conn, rawHandshake); err != nil {
		return err
	}
	response, err := http.ReadResponse(r.in, nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // it is empty: WebSocket frames follow
	if response.StatusCode != http.StatusSwitchingProtocols {
		return errors.New(response.Status)
	}
	frame, err := r.read()
	if err != nil {
		return err
	}
	reply, err := codec.DecodeReply(frame)
	if err != nil {
		return err
	}
	hello, is := reply.(*wire.Hello)
	if !is {
		return fmt.Errorf("got %s, want a hello", frame)
	}
	r.session = hello.Session
	return nil
}

// newRaw opens a session and keeps it alive until the test ends.
func newRaw(tb testing.TB, broker *process) *raw {
	tb.Helper()
	r, err := dialRaw(broker.address, 64<<10)
	if err != nil {
		tb.Fatal(err)
	}
	stop := keepAlive(tb.Context(), r)
	tb.Cleanup(func() {
		stop()
		r.close()
	})
	return r
}

// close ends the connection at once, with a reset, so that its port does not stay in TIME_WAIT.
func (r *raw) close() {
	_ = r.conn.SetLinger(0)
	_ = r.conn.Close()
}

// read returns the next message, which is valid until the next read.
func (r *raw) read() ([]byte, error) {
	for {
		var head [10]byte
		if _, err := io.ReadFull(r.in, head[:2]); err != nil {
			return nil, err
		}
		opcode, n := head[0]&0xf, int(head[1])
		switch n {
		case 126:
			if _, err := io.ReadFull(r.in, head[2:4]); err != nil {
				return nil, err
			}
			n = int(binary.BigEndian.Uint16(head[2:]))
		case 127:
			if _, err := io.ReadFull(r.in, head[2:10]); err != nil {
				return nil, err
			}
			n = int(binary.BigEndian.Uint64(head[2:]))
		}
		if cap(r.frame) < n {
			r.frame = make([]byte, n)
		}
		r.frame = r.frame[:n]
		if _, err := io.ReadFull(r.in, r.frame); err != nil {
			return nil, err
		}
		switch opcode {
		case 1:
			return r.frame, nil
		case 8:
			return nil, fmt.Errorf("closed by the broker: %q", r.frame)
		}
	}
}

// expect reads n messages, which must have that type.
func (r *raw) expect(n int, kind string) error {
	want := `{"type":"` + kind + `"`
	for range n {
		frame, err := r.read()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(string(frame), want) {
			return fmt.Errorf("the broker sent %.200s, want %s", frame, kind)
		}
	}
	return nil
}

// put adds a message of less than 126 bytes to what the next flush writes. A masking key of 0 leaves it as it is.
func (r *raw) put(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out = append(r.out, 0x81, 0, 0, 0, 0, 0)
	begin := len(r.out)
	r.out = fmt.Appendf(r.out, format, args...)
	n := len(r.out) - begin
	if n > 125 {
		panic("too long for a short frame")
	}
	r.out[begin-5] = 0x80 | byte(n)
}

// putLong is put for a message of 126 to 65,535 bytes.
func (r *raw) putLong(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out = append(r.out, 0x81, 0x80|126)
	r.out = binary.BigEndian.AppendUint16(r.out, uint16(len(message)))
	r.out = append(r.out, 0, 0, 0, 0)
	r.out = append(r.out, message...)
}

// flush writes all messages that were put.
func (r *raw) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.conn.Write(r.out)
	r.out = r.out[:0]
	return err
}

// send calls put for 0 to n-1 and writes the messages, 500 at a time.
func (r *raw) send(n int, put func(i int)) error {
	for i := range n {
		put(i)
		if i%500 == 499 || i == n-1 {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// exchange sends n messages and reads n answers of that type at the same time.
func (r *raw) exchange(n int, kind string, put func(i int)) error {
	sent := make(chan error, 1)
	go func() { sent <- r.send(n, put) }()
	err := r.expect(n, kind)
	if err != nil {
		r.close() // ends the sender
	}
	return errors.Join(err, <-sent)
}

// queue sends n requests that must wait, and returns when the broker has handled them. It then
// cancels a request that does not exist, with that id, and waits for the error: the broker handles
// messages in order.
func (r *raw) queue(n, id int, put func(i int)) error {
	if err := r.send(n, put); err != nil {
		return err
	}
	return r.exchange(1, "error", func(int) { r.putCancel(id) })
}

// signOfLife is a pong without a ping.
var signOfLife = []byte{0x8a, 0x80, 0, 0, 0, 0}

// keepAlive keeps silent sessions alive until stop is called.
func keepAlive(ctx context.Context, sessions ...*raw) (stop func()) {
	ended := make(chan struct{})
	var keeping sync.WaitGroup
	keeping.Go(func() {
		ticker := time.NewTicker(3 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			for _, r := range sessions {
				r.mu.Lock()
				_, _ = r.conn.Write(signOfLife) // the reader notices the end of a session
				r.mu.Unlock()
			}
		}
	})
	return sync.OnceFunc(func() {
		close(ended)
		keeping.Wait()
	})
}
