package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// A Message is anything that travels in a frame.
type Message interface {
	// Kind is the "type" of the frame.
	Kind() string
}

// Append appends m as the JSON object of one frame. It fails only when a
// string of m is not valid UTF-8, and then returns dst unchanged.
func Append(dst []byte, m Message) ([]byte, error) {
	if frame, plain := appendPlain(dst, m); plain {
		return frame, nil
	}
	return appendAny(dst, m)
}

func appendAny(dst []byte, m Message) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", m.Kind(), err)
	}
	// Every message has a field that is never left out, but a reader should not
	// have to know that: the comma depends on what is there.
	dst = append(dst, `{"type":"`...)
	dst = append(dst, m.Kind()...)
	dst = append(dst, '"')
	if len(body) > len("{}") {
		dst = append(dst, ',')
	}
	return append(dst, body[1:]...), nil
}
