package proxied

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

// start starts a listener on loopback that trusts these networks.
func start(t *testing.T, trusted ...string) (*Listener, *cmdtest.Log) {
	t.Helper()
	under, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var networks []netip.Prefix
	for _, text := range trusted {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	log := &cmdtest.Log{}
	l := Listen(under, networks, zerolog.New(log))
	t.Cleanup(func() { _ = l.Close() })
	return l, log
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn
}

const (
	signature = "\r\n\r\n\x00\r\nQUIT\n"
	ipv4      = "\xc6\x33\x64\x07\x0a\x00\x00\x01\x11\x5c\x69\x7a" // 198.51.100.7:4444 to 10.0.0.1:27002
	ipv6      = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x11\x5c\x69\x7a"
)

// v2 returns a header of version 2.
func v2(command, family byte, body string) string {
	return signature + string([]byte{command, family, byte(len(body) >> 8), byte(len(body))}) + body
}

// itself means the address of the proxy.
const itself = "itself"

var headers = []struct {
	name, header string
	want         string // the address of the client; "": refused
}{
	{"version 1, IPv4", "PROXY TCP4 198.51.100.7 10.0.0.1 4444 27002\r\n", "198.51.100.7:4444"},
	{"version 1, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 4444 27002\r\n", "[2001:db8::7]:4444"},
	{"version 2, IPv4", v2(0x21, 0x11, ipv4), "198.51.100.7:4444"},
	{"version 2, IPv6", v2(0x21, 0x21, ipv6), "[2001:db8::7]:4444"},
	{"more fields", v2(0x21, 0x11, ipv4+"\x04\x00\x03abc"), "198.51.100.7:4444"},
	{"local", v2(0x20, 0x00, ""), itself},
	{"local with an address", v2(0x20, 0x11, ipv4), itself},

	{"UNKNOWN", "PROXY UNKNOWN\r\n", ""},
	{"UNKNOWN with addresses", "PROXY UNKNOWN 198.51.100.7 10.0.0.1 4444 27002\r\n", ""},
	{"unspecified family", v2(0x21, 0x00, ""), ""},
	{"unix", v2(0x21, 0x31, strings.Repeat("/a", 108)), ""},
	{"udp", v2(0x21, 0x12, ipv4), ""},
	{"no address", "PROXY TCP4 0.0.0.0 10.0.0.1 4444 27002\r\n", ""},
	{"no header", "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", ""},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ""},
	{"version 3", v2(0x31, 0x11, ipv4), ""},
	{"unknown command", v2(0x22, 0x11, ipv4), ""},
	{"family and length contradict", v2(0x21, 0x21, ipv4), ""},
	{"oversized, version 1", "PROXY TCP4 " + strings.Repeat("1", 200) + "\r\n", ""},
	{"oversized, version 2", v2(0x21, 0x11, ipv4+strings.Repeat("x", 60_000)), ""},
	{"bad address", "PROXY TCP4 198.51.100.777 10.0.0.1 4444 27002\r\n", ""},
	{"bad port", "PROXY TCP4 198.51.100.7 10.0.0.1 99999 27002\r\n", ""},
	{"IPv4 as IPv6", "PROXY TCP6 198.51.100.7 10.0.0.1 4444 27002\r\n", ""},
	{"no CR", "PROXY TCP4 198.51.100.7 10.0.0.1 4444 27002\n", ""},
	{"truncated, version 1", "PROXY TCP4 198.51.100.7 10.0", ""},
	{"truncated signature", signature[:7], ""},
	{"truncated, version 2", v2(0x21, 0x11, ipv4)[:20], ""},
}

// A header gives the connection its address, and what follows it arrives. What is not such a header ends the
// connection, and nothing reaches the server.
func TestHeaders(t *testing.T) {
	l, log := start(t, "127.0.0.0/8")
	const request = "what the client sends" // longer than one read of the header with it
	refused := int64(0)
	for _, test := range headers {
		client := dial(t, l)
		if _, err := io.WriteString(client, test.header); err != nil {
			t.Fatal(err)
		}
		if test.want == "" {
			_ = client.(*net.TCPConn).CloseWrite()
			if got, _ := io.ReadAll(client); len(got) > 0 {
				t.Errorf("%s: the server has sent %q", test.name, got)
			}
			refused++
			continue
		}
		_, _ = io.WriteString(client, strings.Repeat(request, 100))
		_ = client.(*net.TCPConn).CloseWrite()
		served, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		want := test.want
		if want == itself {
			want = client.LocalAddr().String()
		}
		got, err := io.ReadAll(served)
		if served.RemoteAddr().String() != want || string(got) != strings.Repeat(request, 100) || err != nil {
			t.Errorf("%s: got %s, %d bytes, %v, want %s",
				test.name, served.RemoteAddr(), len(got), err, want)
		}
		_ = served.Close()
	}
	if l.Refused() != refused {
		t.Errorf("%d connections were refused, want %d", l.Refused(), refused)
	}
	text := log.String()
	if !strings.Contains(text, "proxy-protocol=required") || strings.Contains(text, "198.51") {
		t.Errorf("the log says %s", text)
	}
}

// Only a trusted proxy may send a header, or anything else.
func TestStranger(t *testing.T) {
	l, log := start(t, "10.0.0.0/8", "2001:db8::/32")
	for _, text := range []string{headers[0].header, headers[2].header, "GET / HTTP/1.1\r\n\r\n", ""} {
		client := dial(t, l)
		_, _ = io.WriteString(client, text)
		if got, _ := io.ReadAll(client); len(got) > 0 {
			t.Errorf("%q: the server has sent %q", text, got)
		}
	}
	if l.Refused() != 4 || !strings.Contains(log.String(), "not one of --trusted-proxy") {
		t.Errorf("%d connections were refused, and the log says %s", l.Refused(), log)
	}
}

// Proxies that send nothing, or part of a header, do not keep others waiting, however many there are. The oldest is
// closed to make room.
func TestSilentProxies(t *testing.T) {
	l, _ := start(t, "127.0.0.0/8")
	var silent []net.Conn
	for i := range maxWaiting + 20 {
		conn := dial(t, l)
		if i%2 == 0 {
			_, _ = io.WriteString(conn, signature)
		}
		silent = append(silent, conn)
	}
	begin := time.Now()
	client := dial(t, l)
	_, _ = io.WriteString(client, headers[0].header)
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = served.Close()
	if took := time.Since(begin); took > headerWait/2 {
		t.Errorf("a client was served after %v", took)
	}
	if _, err := silent[0].Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) {
		t.Errorf("the oldest silent connection is open: %v", err)
	}
}

// A header of version 2 may arrive byte by byte, but it must arrive in time.
func TestSlowHeader(t *testing.T) {
	l, _ := start(t, "127.0.0.0/8")
	client := dial(t, l)
	_ = client.(*net.TCPConn).SetNoDelay(true)
	for _, b := range []byte(v2(0x21, 0x11, ipv4)) {
		if _, err := client.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	served, err := l.Accept()
	if err != nil || served.RemoteAddr().String() != "198.51.100.7:4444" {
		t.Fatalf("got %v, %v", served, err)
	}
	_ = served.Close()

	begin := time.Now()
	late := dial(t, l)
	_, _ = io.WriteString(late, signature)
	if _, err := io.ReadAll(late); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	if took := time.Since(begin); took < headerWait || took > 2*headerWait {
		t.Errorf("the header was awaited for %v, want %v", took, headerWait)
	}
}

// A proxy that only looks whether somebody listens is not worth a line.
func TestProbe(t *testing.T) {
	l, log := start(t, "127.0.0.0/8")
	probe := dial(t, l)
	_ = probe.(*net.TCPConn).CloseWrite()
	if _, err := io.ReadAll(probe); err != nil {
		t.Error(err)
	}
	if log.String() != "" || l.Refused() != 0 {
		t.Errorf("the log says %s", log)
	}
}

// Close ends Accept and what waits, at once.
func TestClose(t *testing.T) {
	l, _ := start(t, "127.0.0.0/8")
	silent, ready := dial(t, l), dial(t, l)
	_, _ = io.WriteString(ready, headers[0].header)
	ended := make(chan error)
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = served.Close()
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	begin := time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept returned %v", err)
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that waits is open")
	}
	if took := time.Since(begin); took > headerWait/2 {
		t.Errorf("Close took %v", took)
	}
}

// The connection can be half closed, and tells how it has ended.
func TestHalfClose(t *testing.T) {
	l, _ := start(t, "127.0.0.0/8")
	client := dial(t, l)
	_, _ = io.WriteString(client, headers[0].header+"ab")
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	served := accepted.(*conn)
	defer func() { _ = served.Close() }()
	if _, err := served.SyscallConn(); err != nil {
		t.Error(err)
	}
	one := make([]byte, 1)
	for _, want := range "ab" {
		if _, err := served.Read(one); err != nil || one[0] != byte(want) {
			t.Errorf("got %q, %v", one, err)
		}
	}
	_, _ = fmt.Fprint(served, "bye")
	if err := served.CloseWrite(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(client); string(got) != "bye" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
