package jsclient

import (
	"encoding/json"
	"fmt"
)

// An event is something that a client has done in a step: a list in JSON, of a verb, the number of a request or of a
// link, and details.
type event struct {
	verb    string
	number  int32
	details json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *event) UnmarshalJSON(text []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) < 2 {
		return fmt.Errorf("an event with %d parts", len(parts))
	}
	if err := json.Unmarshal(parts[0], &e.verb); err != nil {
		return err
	}
	if len(parts) > 2 {
		e.details = parts[2]
	}
	return json.Unmarshal(parts[1], &e.number)
}

// A grant is the details of the event granted.
type grant struct {
	ID    string
	Token int64
}

// A failure is the details of the events stopped and failed: what a program can tell from an error.
type failure struct {
	Name, Code, Reason, Message string
}
