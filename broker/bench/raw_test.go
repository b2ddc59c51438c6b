package bench

import (
	"bufio"
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

// A raw is a session that costs this process next to nothing: frames are put together and taken
// apart by hand, and most are not looked into. One goroutine reads; any may write.
type raw struct {
	conn    *net.TCPConn
	in      *bufio.Reader
	frame   []byte // that was read last
	session string

	mu  sync.Mutex
	out []byte // written with the next flush
}

// rawHandshake asks for a session, under a label as long as those of Go clients.
const rawHandshake = "GET /ws?client=bench.test@localhost:12345 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: " + wire.Subprotocol + "\r\n\r\n"

// dialRaw opens a session.
func dialRaw(address string, readBuffer int) (*raw, error) {
	conn, err := net.DialTimeout("tcp4", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	r := &raw{conn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, readBuffer)}
	if err := r.shakeHands(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return r, nil
}

func (r *raw) shakeHands() error {
	if _, err := io.WriteString(r.conn, rawHandshake); err != nil {
		return err
	}
	response, err := http.ReadResponse(r.in, nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // there is none: what comes is not HTTP any more
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
		return fmt.Errorf("no hello, but %s", frame)
	}
	r.session = hello.Session
	return nil
}

// newRaw opens a session that ends with the test, and that shows signs of life meanwhile.
func newRaw(tb testing.TB, broker *process) *raw {
	tb.Helper()
	r, err := dialRaw(broker.address, 64<<10)
	if err != nil {
		tb.Fatal(err)
	}
	stop := keepAlive(tb, r)
	tb.Cleanup(func() {
		stop()
		r.close()
	})
	return r
}

// close ends the connection at once, with a reset: it leaves no port behind that would have to rest.
func (r *raw) close() {
	_ = r.conn.SetLinger(0)
	_ = r.conn.Close()
}

// read returns the next message, until the one after is read.
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

// expect reads so many messages of that type.
func (r *raw) expect(n int, kind string) error {
	want := `{"type":"` + kind + `"`
	for range n {
		frame, err := r.read()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(string(frame), want) {
			return fmt.Errorf("the broker sent %.200s, and not %s", frame, kind)
		}
	}
	return nil
}

// put adds a message of less than 126 bytes to what is written next. The masking key is 0, which leaves it
// as it is.
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

// flush writes what was put.
func (r *raw) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.conn.Write(r.out)
	r.out = r.out[:0]
	return err
}

// send puts so many messages and writes them, many at a time.
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

// exchange sends so many messages, which are answered by as many of that type, while it reads the answers.
func (r *raw) exchange(n int, kind string, put func(i int)) error {
	sent := make(chan error, 1)
	go func() { sent <- r.send(n, put) }()
	err := r.expect(n, kind)
	if err != nil {
		r.close() // so that the sender ends
	}
	return errors.Join(err, <-sent)
}

// queue sends so many requests that have to wait, and returns when the broker has them: the cancel of a
// request that was never made, with that id, is handled after them, and refused.
func (r *raw) queue(n, id int, put func(i int)) error {
	if err := r.send(n, put); err != nil {
		return err
	}
	return r.exchange(1, "error", func(int) {
		r.put(`{"type":"cancel","id":"%s--%d"}`, r.session, id)
	})
}

// signOfLife is a pong that nobody has asked for.
var signOfLife = []byte{0x8a, 0x80, 0, 0, 0, 0}

// keepAlive lets sessions that say nothing live, until stop is called.
func keepAlive(tb testing.TB, sessions ...*raw) (stop func()) {
	ended := make(chan struct{})
	var keeping sync.WaitGroup
	keeping.Go(func() {
		ticker := time.NewTicker(3 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tb.Context().Done():
				return
			case <-ticker.C:
			}
			for _, r := range sessions {
				r.mu.Lock()
				_, _ = r.conn.Write(signOfLife) // who has ended is noticed elsewhere
				r.mu.Unlock()
			}
		}
	})
	return sync.OnceFunc(func() {
		close(ended)
		keeping.Wait()
	})
}
