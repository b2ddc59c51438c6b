package codec

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Append appends the frame of m to dst: one JSON object. It fails only if a string of m is not
// valid UTF-8. Then it returns dst unchanged.
func Append(dst []byte, m wire.Message) ([]byte, error) {
	if frame, plain := appendPlain(dst, m); plain {
		return frame, nil
	}
	return appendAny(dst, m)
}

// appendAny is Append by way of package json, for any message.
func appendAny(dst []byte, m wire.Message) ([]byte, error) {
	name := Kind(m)
	body, err := json.Marshal(m, marshalers)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", name, err)
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, name...)
	dst = append(dst, '"')
	if len(body) > len("{}") {
		dst = append(dst, ',')
	}
	return append(dst, body[1:]...), nil
}

// hiddenRequest is how a request is told to a client that may list none of its locks.
const hiddenRequest = `{"hidden":true}`

var marshalers = json.WithMarshalers(json.MarshalToFunc(func(to *jsontext.Encoder, r *wire.RequestInfo) error {
	if isHidden(r) {
		return to.WriteValue(jsontext.Value(hiddenRequest))
	}
	return errors.ErrUnsupported
}))

// isHidden reports whether the client that is told of a request may list none of its locks.
func isHidden(r *wire.RequestInfo) bool { return r.Hidden && r.ID.IsZero() }
