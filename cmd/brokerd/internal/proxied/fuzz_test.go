package proxied

import (
	"io"
	"net"
	"strings"
	"testing"
)

// FuzzHeader checks that the address is that of a TCP client, or of the proxy, and that what follows the header arrives
// to its end. A header may claim any length, so what follows may be nothing.
func FuzzHeader(f *testing.F) {
	for _, test := range headers {
		f.Add([]byte(test.header))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const after = "GET / HTTP/1.1\r\n"
		client, server := net.Pipe()
		go func() {
			_, _ = client.Write(append(text, after...))
			_ = client.Close()
		}()
		defer func() { _ = server.Close() }()
		from, err := readHeader(server)
		if err != nil {
			return
		}
		switch remote := from.RemoteAddr().(type) {
		case *net.TCPAddr:
			if remote.IP.IsUnspecified() || remote.IP.IsMulticast() || len(remote.IP) == 0 {
				t.Errorf("the address is %v", remote)
			}
		default:
			if remote != server.RemoteAddr() {
				t.Errorf("the address is %v", remote)
			}
		}
		got, err := io.ReadAll(from)
		if err != nil || !strings.HasSuffix(string(text)+after, string(got)) {
			t.Errorf("%q: after the header came %q, %v", text, got, err)
		}
	})
}
