package wire

// AppendAny is the general way of Append.
var AppendAny = appendAny

// Plain decodes a plain frame, or returns nil.
func (d *RequestDecoder) Plain(frame []byte) Request { return d.plain(frame) }

// Plain decodes a plain frame, or returns nil.
func (d *ReplyDecoder) Plain(frame []byte) Reply { return d.plain(frame) }
