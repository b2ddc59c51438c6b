package wire

import (
	"math"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Opt is a field that may be absent, where absent is not the same as zero:
// wait_ms 0 gives up at once, no wait_ms waits for ever. The zero Opt is absent.
type Opt[T any] struct {
	value T
	given bool
}

// Some returns an Opt that holds v.
func Some[T any](v T) Opt[T] { return Opt[T]{value: v, given: true} }

// Get returns the value, and whether one was given.
func (o Opt[T]) Get() (T, bool) { return o.value, o.given }

// Or returns the value, or def where none was given.
func (o Opt[T]) Or(def T) T {
	if o.given {
		return o.value
	}
	return def
}

// IsZero reports whether no value was given.
func (o Opt[T]) IsZero() bool { return !o.given }

// MarshalJSONTo writes the value. An absent one belongs in a field with
// omitzero, where this is not called.
func (o Opt[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, o.value)
}

// UnmarshalJSONFrom reads the value; null counts as absent.
func (o *Opt[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*o = Opt[T]{}
	if dec.PeekKind() == 'n' {
		return dec.SkipValue()
	}
	err := o.fill(dec)
	o.given = err == nil
	return err
}

// fill reads the value. One that an int has no room for, on a machine of 32 bits, becomes the nearest that it has:
// either is out of bounds, and the answer to it must be the same on every machine.
func (o *Opt[T]) fill(dec *jsontext.Decoder) error {
	small, isInt := any(&o.value).(*int)
	if !isInt {
		return json.UnmarshalDecode(dec, &o.value)
	}
	var n int64
	err := json.UnmarshalDecode(dec, &n)
	*small = nearest(n)
	return err
}

// nearest is the int that is nearest to n.
func nearest(n int64) int { return int(min(max(n, math.MinInt), math.MaxInt)) }
