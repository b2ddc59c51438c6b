package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// The letters of the token occur nowhere in what the codec says, except in JSON.
const markedToken = "QXZJ0QXZJ1QXZJ2QXZJ3"

// No byte of a token that stands in a bad frame is in the error, wherever the token stands.
func TestErrorsHideTokens(t *testing.T) {
	for _, form := range []string{
		`{"type":"auth","id":"s--0","token":TOKEN}`, `{"type":"auth","id":"s--0","token":"TOKEN}`,
		`{"type":"auth","id":"s--0","token":"TOKEN"`, `{"type":"auth","id":"s--0","token":"TOKEN"}TOKEN`,
		`{"type":"auth","id":"s--0","token":"TOKEN"TOKEN}`,
		`{"type":"auth","id":"s--0","token":"TOKEN",TOKEN}`,
		`{"type":"auth","id":"s--0","token":["TOKEN"]}`,
		`{"type":"auth","id":"s--0","token":{"TOKEN":"TOKEN"}}`,
		`{"type":"auth","id":"s--0","token":"TOKEN","token":"TOKEN"}`,
		`{"type":"auth","id":"s--0","token":{"TOKEN":1,"TOKEN":2}}`,
		`{"type":"auth","id":"s--0","TOKEN":1,"TOKEN":2,"token":"TOKEN"}`,
		`{"type":"auth","id":"s--0","token":"TOKEN\x"}`,
		`{"type":"auth","id":"s--0","token":"TOKEN\ud800TOKEN"}`,
		"{\"type\":\"auth\",\"id\":\"s--0\",\"token\":\"TOKEN\xff\"}",
		`{"type":"auth","id":"s--0","token":'TOKEN'}`,
		`{"type":"auth","id":["TOKEN"],"token":"TOKEN"}`, `{"type":"auth","id":TOKEN,"token":"TOKEN"}`,
		`{"type":"auth","id":"s--0","token":"` + strings.Repeat("TOKEN", 1000) + `"}`,
		`{"type":"TOKEN","id":"s--0"}`, `{"type":TOKEN}`, `{"TOKEN":"auth"}`, `TOKEN`, `"TOKEN"`, `["TOKEN"]`,
		`Bearer TOKEN`, `{"type":"auth" TOKEN}`, `{TOKEN:1}`, `{"a"TOKEN:1}`, `{"token":"TOKEN","type":"auth"`,
		`{"type":"auth","id":"s--0","token":"TOKEN","x":nulTOKEN}`, `{"type":"auth","token":nTOKEN}`,
		`{"type":"acquire","id":"s--0","locks":[{"name":"x","mode":"TOKEN"}]}`,
		`{"type":"acquire","id":"s--0","locks":"TOKEN"}`, `{"type":"acquire","id":"s--0","locks":{"TOKEN":1}}`,
		`{"type":"acquire","id":"s--0","locks":[{"name":"x","limit":"TOKEN"}]}`,
		`{"type":"info","id":"s--0","match":"[TOKEN"}`, `{"type":"clients","id":"s--0","remote":"TOKEN"}`,
		`{"type":"why","id":"s--0","request":{"TOKEN":1}}`, `{"type":"release","id":{"TOKEN":1}}`,
	} {
		frame := strings.ReplaceAll(form, "TOKEN", markedToken)
		m, err := codec.DecodeRequest([]byte(frame), wire.DefaultLimits())
		if err == nil {
			if !strings.Contains(form, `"token":"TOKEN",`) {
				t.Errorf("%s is %T", form, m)
			}
			continue
		}
		told := err.Error()
		if answer := new(wire.Error); errors.As(err, &answer) {
			told = answer.Message
		}
		if strings.ContainsAny(strings.ReplaceAll(told, "JSON", ""), "QXZJ") {
			t.Errorf("%s\nis answered with %s", form, told)
		}
	}
}
