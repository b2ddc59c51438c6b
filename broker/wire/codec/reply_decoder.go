package codec

import "github.com/lockbroker/lockbroker/broker/wire"

// A ReplyDecoder decodes the frames of a broker, as [DecodeReply] does. It is faster for frames
// as brokers usually write them. For granted, released, cancelled and pong it allocates nothing.
// It may reuse these messages at the next call of Decode.
//
// It is for one goroutine at a time.
type ReplyDecoder struct {
	// Session is the session of the client. Other ids are decoded too, but allocate.
	Session string

	granted   wire.Granted
	released  wire.Released
	cancelled wire.Cancelled
	pong      wire.Pong
}

// Decode decodes frame, as [DecodeReply] does, and does not keep it.
func (d *ReplyDecoder) Decode(frame []byte) (wire.Reply, error) {
	if m := d.plain(frame); m != nil {
		return m, nil
	}
	return DecodeReply(frame)
}

// plain decodes a plain frame in which nothing is wrong. For any other frame it returns nil.
func (d *ReplyDecoder) plain(frame []byte) wire.Reply {
	var m wire.Reply
	s := scanner{rest: frame}
	s.must(`{"type":"`)
	switch {
	case s.has(`granted","id":"`):
		d.granted.ID = s.id(d.Session)
		s.must(`,"token":`)
		d.granted.Token = s.integer()
		m = &d.granted
	case s.has(`released","id":"`):
		d.released.ID = s.id(d.Session)
		m = &d.released
	case s.has(`cancelled","id":"`):
		d.cancelled.ID = s.id(d.Session)
		m = &d.cancelled
	case s.has(`pong","id":"`):
		d.pong.ID = s.id(d.Session)
		m = &d.pong
	default:
		return nil
	}
	if s.must("}"); s.isDone() && wire.CheckReply(m) == nil {
		return m
	}
	return nil
}
