package codec

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// An envelope is what every frame has: its type, and for most types an id.
type envelope struct {
	kind string
	id   wire.ID
}

// openEnvelope reads the envelope of a frame. The errors are those of [DecodeRequest].
func openEnvelope(frame []byte) (envelope, error) {
	var raw struct {
		Type jsontext.Value `json:"type"`
		ID   jsontext.Value `json:"id"`
	}
	// This pass reads the whole frame, unknown members included. So everything after it
	// deals with well-formed JSON only.
	if err := json.Unmarshal(frame, &raw); err != nil {
		return envelope{}, &SyntaxError{Reason: syntaxReason(err)}
	}
	if kind := jsontext.Value(frame).Kind(); kind != '{' { // null
		return envelope{}, &SyntaxError{Reason: wantObject}
	}
	var env envelope
	if raw.ID.Kind() == '"' {
		var text string
		if json.Unmarshal(raw.ID, &text) == nil {
			env.id = wire.ParseID(text)
		}
	} else if raw.ID != nil && raw.ID.Kind() != 'n' {
		return env, env.refuse("id: want a string")
	}
	if raw.Type.Kind() == '"' {
		_ = json.Unmarshal(raw.Type, &env.kind) // cannot fail: it is a well-formed string
	}
	return env, nil
}

// fill decodes the frame into m, which is of the type that the envelope names.
func (e envelope) fill(frame []byte, m wire.Message) error {
	err := json.Unmarshal(frame, m)
	if err == nil {
		return nil
	}
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		return e.refuse(fieldPath(wrong.JSONPointer) + ": " + want(wrong))
	}
	return e.refuse("malformed message")
}

func (e envelope) refuse(reason string) *wire.Error {
	return &wire.Error{ID: e.id, Code: wire.BadRequest, Message: reason}
}

func (e envelope) unknownKind() string {
	switch {
	case e.kind == "":
		return "type: missing"
	case printable.IsWord(e.kind):
		return fmt.Sprintf("type: unknown: %q", e.kind)
	}
	return "type: unknown"
}
