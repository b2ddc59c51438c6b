package wire

import (
	"math"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Opt is a field that may be absent. Absent is not the same as zero: a request with wait_ms 0
// does not wait, and one without wait_ms waits without a bound. The zero Opt is absent.
type Opt[T any] struct {
	value T
	given bool
}

// Some returns the Opt with the value v.
func Some[T any](v T) Opt[T] { return Opt[T]{value: v, given: true} }

// Get returns the value, and whether there is one.
func (o Opt[T]) Get() (T, bool) { return o.value, o.given }

// Or returns the value, or def if the Opt is absent.
func (o Opt[T]) Or(def T) T {
	if o.given {
		return o.value
	}
	return def
}

// IsZero reports whether the Opt is absent.
func (o Opt[T]) IsZero() bool { return !o.given }

// MarshalJSONTo writes the value. It is not called for an absent Opt in a field with omitzero.
func (o Opt[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, o.value)
}

// UnmarshalJSONFrom reads the value. null counts as absent.
func (o *Opt[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*o = Opt[T]{}
	if dec.PeekKind() == 'n' {
		return dec.SkipValue()
	}
	err := o.fill(dec)
	o.given = err == nil
	return err
}

// fill reads the value. On a 32-bit machine, a number that does not fit an int becomes the nearest
// int. Both are out of bounds, and the answer must be the same on every machine.
func (o *Opt[T]) fill(dec *jsontext.Decoder) error {
	small, isInt := any(&o.value).(*int)
	if !isInt {
		return json.UnmarshalDecode(dec, &o.value)
	}
	var n int64
	err := json.UnmarshalDecode(dec, &n)
	*small = int(min(max(n, math.MinInt), math.MaxInt))
	return err
}
