package bench

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"
)

// The floods are attacks by strangers: clients without a credential. Each connection comes from another address of the
// loopback network, so the limits per address do not help the broker.
var floods = []attack{
	{"strangers", yield, strangerPlain},
	{"tls-strangers", yield, strangerTLS},
}

func yield(*attacker) error { return givePrecedence() }

// stranger connects from an address that has not been used for long.
func (a *attacker) stranger() (net.Conn, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	if runtime.GOOS == "linux" { // elsewhere the loopback network has one address
		n := a.strangers.Add(1)
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 1+byte(n>>16)%100, byte(n>>8), 1+byte(n)%250)}
	}
	conn, err := dialer.Dial("tcp4", a.address)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	return conn, nil
}

// reset ends a connection, so that its port does not stay in TIME_WAIT.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// strangerPlain asks for a session, and is refused.
func strangerPlain(a *attacker, _ int) error {
	conn, err := a.stranger()
	if err != nil {
		return err
	}
	defer reset(conn)
	if _, err := io.WriteString(conn, rawHandshake); err != nil {
		return err
	}
	answer := make([]byte, 4<<10)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 401") {
		return errors.New("the broker did not refuse the stranger")
	}
	a.actions.Add(1)
	return nil
}

// strangerTLS sends the first message of TLS, and leaves when the broker has answered it: so a handshake costs the
// broker all of its arithmetic, and the stranger none.
func strangerTLS(a *attacker, _ int) error {
	conn, err := a.stranger()
	if err != nil {
		return err
	}
	defer reset(conn)
	if _, err := conn.Write(clientHello()); err != nil {
		return err
	}
	if _, err := conn.Read(make([]byte, 4<<10)); err != nil {
		return err
	}
	a.actions.Add(1)
	return nil
}

// clientHello returns the first message of a TLS client. Each connection can send the same one.
var clientHello = sync.OnceValue(func() []byte {
	near, far := net.Pipe()
	go func() { _ = tls.Client(near, &tls.Config{ServerName: "localhost"}).Handshake() }()
	defer func() { _, _ = near.Close(), far.Close() }()
	hello := make([]byte, 16<<10)
	n, err := far.Read(hello)
	if err != nil {
		panic(err)
	}
	return hello[:n]
})
