package wire_test

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func TestParseID(t *testing.T) {
	for text, want := range map[string]wire.ID{
		"k3v9x2mq--0":                 {Session: "k3v9x2mq", N: 0},
		"k3v9x2mq--10":                {Session: "k3v9x2mq", N: 10},
		"k3v9x2mq--9007199254740991":  {Session: "k3v9x2mq", N: wire.MaxInteger},
		"k3v9x2mq--9007199254740992":  {Session: "k3v9x2mq--9007199254740992", N: -1},
		"k3v9x2mq--18446744073709551": {Session: "k3v9x2mq--18446744073709551", N: -1},
		"k3v9x2mq--00":                {Session: "k3v9x2mq--00", N: -1},
		"k3v9x2mq--01":                {Session: "k3v9x2mq--01", N: -1},
		"k3v9x2mq--+1":                {Session: "k3v9x2mq--+1", N: -1},
		"k3v9x2mq---1":                {Session: "k3v9x2mq---1", N: -1},
		"k3v9x2mq--1_0":               {Session: "k3v9x2mq--1_0", N: -1},
		"k3v9x2mq--0x1":               {Session: "k3v9x2mq--0x1", N: -1},
		"k3v9x2mq-- 1":                {Session: "k3v9x2mq-- 1", N: -1},
		"k3v9x2mq--":                  {Session: "k3v9x2mq--", N: -1},
		"k3v9x2mq-1":                  {Session: "k3v9x2mq-1", N: -1},
		"k3v9x2mq":                    {Session: "k3v9x2mq", N: -1},
		"a--b--1":                     {Session: "a--b--1", N: -1},
		"--1":                         {Session: "--1", N: -1},
		"":                            {Session: "", N: -1},
	} {
		got := wire.ParseID(text)
		if got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
		if got.String() != text {
			t.Errorf("%q: comes back as %q", text, got)
		}
		if got.Valid() != (want.N >= 0) || got.IsZero() {
			t.Errorf("%q: Valid %v, IsZero %v", text, got.Valid(), got.IsZero())
		}
	}
}

// The ID of the empty text is neither valid nor the zero ID.
func TestZeroID(t *testing.T) {
	var zero wire.ID
	if !zero.IsZero() || zero.Valid() || zero.String() != "" || zero == wire.ParseID("") {
		t.Errorf("zero ID: IsZero %v, Valid %v, String %q", zero.IsZero(), zero.Valid(), zero)
	}
}
