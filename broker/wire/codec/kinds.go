package codec

import (
	"reflect"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A kind is one type of message: its name, which is the "type" of a frame, and its Go type.
type kind[M wire.Message] struct {
	name   string
	goType reflect.Type
	empty  func() M // returns a new, empty message
}

// requestKinds is the table of the messages that clients send.
var requestKinds = []kind[wire.Request]{
	request[wire.Acquire]("acquire"),
	request[wire.Release]("release"),
	request[wire.Cancel]("cancel"),
	request[wire.Resume]("resume"),
	request[wire.Info]("info"),
	request[wire.Why]("why"),
	request[wire.Clients]("clients"),
	request[wire.Watch]("watch"),
	request[wire.Unwatch]("unwatch"),
	request[wire.Evict]("evict"),
	request[wire.Auth]("auth"),
	request[wire.WhoAmI]("whoami"),
	request[wire.Ping]("ping"),
}

// replyKinds is the table of the messages that brokers send.
var replyKinds = []kind[wire.Reply]{
	reply[wire.Hello]("hello"),
	reply[wire.Granted]("granted"),
	reply[wire.Released]("released"),
	reply[wire.Cancelled]("cancelled"),
	reply[wire.Lost]("lost"),
	reply[wire.InfoPage]("info"),
	reply[wire.Chain]("why"),
	reply[wire.ClientsPage]("clients"),
	reply[wire.Watching]("watching"),
	reply[wire.Change]("change"),
	reply[wire.Lagged]("lagged"),
	reply[wire.Unwatched]("unwatched"),
	reply[wire.Evicted]("evicted"),
	reply[wire.Authenticated]("authenticated"),
	reply[wire.Permissions]("whoami"),
	reply[wire.Pong]("pong"),
	reply[wire.Draining]("draining"),
	reply[wire.Resumed]("resumed"),
	reply[wire.NotResumed]("not_resumed"),
	reply[wire.Moving]("moving"),
	reply[wire.Error]("error"),
}

func request[T any, P interface {
	*T
	wire.Request
}](name string) kind[wire.Request] {
	return kind[wire.Request]{name, reflect.TypeFor[P](), func() wire.Request { return P(new(T)) }}
}

func reply[T any, P interface {
	*T
	wire.Reply
}](name string) kind[wire.Reply] {
	return kind[wire.Reply]{name, reflect.TypeFor[P](), func() wire.Reply { return P(new(T)) }}
}

// Kind returns the name of the type of m, which is the "type" of its frame.
func Kind(m wire.Message) string {
	if r, ok := m.(wire.Request); ok {
		return nameOf(requestKinds, r)
	}
	return nameOf(replyKinds, m)
}

func nameOf[M, N wire.Message](kinds []kind[M], m N) string {
	goType := reflect.TypeOf(m)
	for i := range kinds {
		if kinds[i].goType == goType {
			return kinds[i].name
		}
	}
	return ""
}

// newMessage returns a new message of the kind with that name. It returns false if there is none.
func newMessage[M wire.Message](kinds []kind[M], name string) (m M, known bool) {
	for i := range kinds {
		if kinds[i].name == name {
			return kinds[i].empty(), true
		}
	}
	return m, false
}
