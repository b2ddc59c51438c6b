package codec

import "github.com/lockbroker/lockbroker/broker/wire"

// A SyntaxError reports a frame that is not a well-formed JSON object. Nothing in such a frame
// can be trusted, not even an id.
type SyntaxError struct {
	Reason string // what is wrong, and at which byte
}

// Error returns the reason.
func (e *SyntaxError) Error() string { return e.Reason }

// DecodeRequest decodes a frame that a client sent, and checks every field against limits. The
// error is a *[SyntaxError], or a *[wire.Error] with the code [wire.BadRequest], and with the id
// if the frame has a readable one.
func DecodeRequest(frame []byte, limits wire.Limits) (wire.Request, error) {
	env, err := openEnvelope(frame)
	if err != nil {
		return nil, err
	}
	m, known := newMessage(requestKinds, env.kind)
	if !known {
		return nil, env.refuse(env.unknownKind())
	}
	if err := env.fill(frame, m); err != nil {
		return nil, err
	}
	if env.id.IsZero() {
		return nil, env.refuse("id: missing")
	}
	if err := wire.Check(m, limits); err != nil {
		return nil, env.refuse(err.Error())
	}
	return m, nil
}

// DecodeReply decodes a frame that a broker sent. The errors are those of [DecodeRequest]. An
// unknown type is an error, because a client cannot guess what it says about a lock.
func DecodeReply(frame []byte) (wire.Reply, error) {
	env, err := openEnvelope(frame)
	if err != nil {
		return nil, err
	}
	m, known := newMessage(replyKinds, env.kind)
	if !known {
		return nil, env.refuse(env.unknownKind())
	}
	if err := env.fill(frame, m); err != nil {
		return nil, err
	}
	if err := wire.CheckReply(m); err != nil {
		return nil, env.refuse(err.Error())
	}
	return m, nil
}
