package simulation

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// describe returns a reply for the trace.
func describe(m wire.Reply) string {
	text, err := codec.Append(nil, m)
	if err != nil {
		return fmt.Sprintf("%T: %v", m, err)
	}
	return string(text)
}

// describeRequest returns a message of a client for the trace.
func describeRequest(m wire.Request) string {
	text, err := codec.Append(nil, m)
	if err != nil {
		return fmt.Sprintf("%T: %v", m, err)
	}
	return string(text)
}
