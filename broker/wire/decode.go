package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A SyntaxError says that a frame is no well-formed JSON object, so that
// nothing in it can be trusted, not even an id.
type SyntaxError struct {
	Reason string
}

// Error returns the reason.
func (e *SyntaxError) Error() string { return e.Reason }

// DecodeRequest reads a frame that a client sent and checks every field
// against limits. The error is a *SyntaxError, or an *Error with the code
// BadRequest and, where one could be read, the id.
func DecodeRequest(frame []byte, limits Limits) (Request, error) {
	env, err := openEnvelope(frame)
	if err != nil {
		return nil, err
	}
	m := newRequest(env.kind)
	if m == nil {
		return nil, env.refuse(env.unknownKind())
	}
	if err := env.fill(frame, m); err != nil {
		return nil, err
	}
	if env.id.IsZero() {
		return nil, env.refuse("id: missing")
	}
	if err := m.check(limits); err != nil {
		return nil, env.refuse(err.Error())
	}
	return m, nil
}

// DecodeReply reads a frame that the broker sent. A type that this package
// does not know is an error: what it would say about a lock cannot be guessed.
func DecodeReply(frame []byte) (Reply, error) {
	env, err := openEnvelope(frame)
	if err != nil {
		return nil, err
	}
	m := newReply(env.kind)
	if m == nil {
		return nil, env.refuse(env.unknownKind())
	}
	if err := env.fill(frame, m); err != nil {
		return nil, err
	}
	if err := m.checkReply(); err != nil {
		return nil, env.refuse(err.Error())
	}
	return m, nil
}

// Check reports what a broker with these limits would refuse in m before it
// looks at anything else, as DecodeRequest does.
func Check(m Request, limits Limits) error { return m.check(limits) }

// CheckFrame is Check for who sends m: it says as well when the frame would be
// longer than limits.MessageBytes, for which the broker would close the connection.
func CheckFrame(m Request, limits Limits) error {
	if err := Check(m, limits); err != nil || longest(m) <= limits.MessageBytes {
		return err
	}
	frame, err := Append(nil, m)
	if err == nil && len(frame) > limits.MessageBytes {
		err = fmt.Errorf("the message has %d bytes, which is too long: at most %d", len(frame), limits.MessageBytes)
	}
	return err
}

// An envelope is what can be told about a frame before its type is known.
type envelope struct {
	kind string
	id   ID
}

func openEnvelope(frame []byte) (envelope, error) {
	var raw struct {
		Type jsontext.Value `json:"type"`
		ID   jsontext.Value `json:"id"`
	}
	// This pass sees the whole frame, members that nobody asked for included,
	// so that what follows meets well-formed JSON only.
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
			env.id = ParseID(text)
		}
	} else if raw.ID != nil && raw.ID.Kind() != 'n' {
		return env, env.refuse("id: want a string")
	}
	if raw.Type.Kind() == '"' {
		_ = json.Unmarshal(raw.Type, &env.kind) // well-formed, hence a string
	}
	return env, nil
}

// fill decodes the frame into m, whose type the envelope has named.
func (e envelope) fill(frame []byte, m Message) error {
	err := json.Unmarshal(frame, m)
	if err == nil {
		return nil
	}
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		return e.refuse(fieldPath(wrong.JSONPointer) + ": " + want(wrong))
	}
	return e.refuse(err.Error())
}

func (e envelope) refuse(reason string) *Error {
	return &Error{ID: e.id, Code: BadRequest, Message: reason}
}

func (e envelope) unknownKind() string {
	if e.kind == "" {
		return "type: missing"
	}
	return fmt.Sprintf("type: unknown: %.40q", e.kind)
}

const wantObject = "malformed frame: want a JSON object"

// syntaxReason says in one line what jsontext found and where.
func syntaxReason(err error) string {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Sprintf("malformed JSON: %v at byte %d", syntactic.Err, syntactic.ByteOffset)
	}
	// The two members of an envelope take any value, so it is the frame.
	return wantObject
}

// fieldPath turns a JSON pointer, /locks/0/name, into locks[0].name.
func fieldPath(p jsontext.Pointer) string {
	var path strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			path.WriteString("[" + token + "]")
		case path.Len() > 0:
			path.WriteString("." + token)
		default:
			path.WriteString(token)
		}
	}
	return path.String()
}

// want says what a field should have been.
func want(wrong *json.SemanticError) string {
	t := wrong.GoType
	if t == reflect.TypeFor[Mode]() && wrong.Err != nil && wrong.JSONKind == '"' {
		return wrong.Err.Error()
	}
	if t == nil {
		return wrong.Error()
	}
	switch {
	case t == reflect.TypeFor[ID](), t == reflect.TypeFor[Mode](), t.Kind() == reflect.String:
		return "want a string"
	case t.Kind() == reflect.Bool:
		return "want true or false"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return "want an integer"
	case t.Kind() == reflect.Slice:
		return "want an array"
	}
	return "want an object"
}
