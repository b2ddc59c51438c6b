package codec

import "github.com/lockbroker/lockbroker/broker/wire"

func appendClientsPage(dst []byte, m *wire.ClientsPage) (frame []byte, plain bool) {
	dst, plain = appendHead(dst, `{"type":"clients","id":"`, m.ID)
	dst = append(dst, `,"clients":[`...)
	for i := range m.Clients {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = appendClient(dst, &m.Clients[i]); !ok {
			return dst, false
		}
	}
	dst = append(dst, ']')
	if m.Next != 0 {
		dst = appendInt(dst, `,"next":`, m.Next)
	}
	return append(dst, '}'), plain
}

func appendClient(dst []byte, c *wire.ClientInfo) (text []byte, plain bool) {
	plain = isPlain(c.Session) && isPlain(c.Client) && isPlain(c.Remote) && isPlain(c.Identity) &&
		isPlain(c.Alive)
	dst = appendText(dst, `{"session":"`, c.Session)
	dst = appendSome(dst, `,"client":"`, c.Client)
	dst = appendSome(dst, `,"remote":"`, c.Remote)
	dst = appendSome(dst, `,"identity":"`, c.Identity)
	dst = appendSome(dst, `,"alive":"`, c.Alive)
	dst = appendInt(dst, `,"connected_ms":`, c.ConnectedMS)
	dst = appendInt(dst, `,"holding":`, int64(c.Holding))
	dst = appendInt(dst, `,"waiting":`, int64(c.Waiting))
	dst = appendInt(dst, `,"watches":`, int64(c.Watches))
	dst = appendInt(dst, `,"unsent_bytes":`, c.UnsentBytes)
	dst = appendInt(dst, `,"silent_ms":`, c.SilentMS)
	if c.Requests != nil {
		var ok bool
		dst, ok = appendRequests(append(dst, `,"requests":[`...), c.Requests)
		dst, plain = append(dst, ']'), plain && ok
	}
	return append(dst, '}'), plain
}
