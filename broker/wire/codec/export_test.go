package codec

import "github.com/lockbroker/lockbroker/broker/wire"

// AppendAny is Append by way of package json.
var AppendAny = appendAny

// Plain decodes a plain frame. For any other frame it returns nil.
func (d *RequestDecoder) Plain(frame []byte) wire.Request { return d.plain(frame) }

// Plain decodes a plain frame. For any other frame it returns nil.
func (d *ReplyDecoder) Plain(frame []byte) wire.Reply { return d.plain(frame) }

// RequestKinds returns the names of the table of requests.
func RequestKinds() []string { return names(requestKinds) }

// ReplyKinds returns the names of the table of replies.
func ReplyKinds() []string { return names(replyKinds) }

// NewRequest returns an empty request of the kind with that name.
func NewRequest(name string) (wire.Request, bool) { return newMessage(requestKinds, name) }

// NewReply returns an empty reply of the kind with that name.
func NewReply(name string) (wire.Reply, bool) { return newMessage(replyKinds, name) }

func names[M wire.Message](kinds []kind[M]) []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.name)
	}
	return all
}
