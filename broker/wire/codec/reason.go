package codec

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const wantObject = "malformed frame: want a JSON object"

// No error quotes what a client has sent, because it may be a token, except for words; see
// printable.IsWord. The position says enough.

// syntaxReason describes a syntax error in one line.
func syntaxReason(err error) string {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Sprintf("malformed JSON: %s at byte %d", unquoted(syntactic.Err), syntactic.ByteOffset)
	}
	// The members of an envelope take any value, so the frame itself is not an object.
	return wantObject
}

// unquoted returns the text of an error of the library without the part of the frame that it quotes.
func unquoted(err error) string {
	text, _, _ := strings.Cut(err.Error(), " (expecting")
	text, _, _ = strings.Cut(text, " in literal") // null, true or false, as what was sent begins
	from := strings.IndexAny(text, "'\"`")
	if from < 0 {
		return text
	}
	to := strings.LastIndexByte(text, text[from])
	return strings.TrimSpace(text[:from]) + text[to+1:]
}

// fieldPath turns the JSON pointer /locks/0/name into locks[0].name.
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

// want describes the value that a field should have had.
func want(wrong *json.SemanticError) string {
	t := wrong.GoType
	if t == reflect.TypeFor[wire.Mode]() && wrong.Err != nil && wrong.JSONKind == '"' {
		return wrong.Err.Error()
	}
	if t == nil {
		return "malformed"
	}
	switch {
	case t == reflect.TypeFor[wire.ID](), t == reflect.TypeFor[wire.Mode](), t.Kind() == reflect.String:
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
