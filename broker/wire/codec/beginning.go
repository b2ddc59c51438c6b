package codec

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// IDIn returns the id of a frame of which only the beginning is known, or the zero ID if it is not in
// there.
func IDIn(beginning []byte) wire.ID {
	d := jsontext.NewDecoder(bytes.NewReader(beginning))
	if start, err := d.ReadToken(); err != nil || start.Kind() != '{' {
		return wire.ID{}
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return wire.ID{}
		}
		if name.String() != "id" {
			if d.SkipValue() != nil {
				return wire.ID{}
			}
			continue
		}
		value, err := d.ReadToken()
		if err != nil || value.Kind() != '"' {
			return wire.ID{}
		}
		return wire.ParseID(value.String())
	}
}
