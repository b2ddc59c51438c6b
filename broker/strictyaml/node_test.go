package strictyaml

import (
	"fmt"
	"testing"
)

// Errors about a field that is not known list the known ones if they are few. If there are many, they
// suggest the one that is a typing error away. They never show what may be a secret.
func TestUnknownField(t *testing.T) {
	many := []string{"host", "port", "tokens", "policy", "timeout", "heartbeat", "drain"}
	for text, want := range map[string]string{
		"token: x":                 `1:1: unknown field "token": did you mean tokens?`,
		"\n  tokesn: x":            `2:3: unknown field "tokesn"`,
		"timeuot: 3":               `1:1: unknown field "timeuot"`,
		"drian: 3s":                `1:1: unknown field "drian"`,
		"ports: 1":                 `1:1: unknown field "ports": did you mean port?`,
		"\"lbt_x y\": 1":           `1:1: unknown field`,
		"port: 1\nhost: b\nprt: 2": `3:1: unknown field "prt": did you mean port?`,
	} {
		node, err := Document([]byte(text))
		if err == nil {
			_, err = Mapping(node, many...)
		}
		if fmt.Sprint(err) != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if node, err := Document([]byte("# nothing\n")); node != nil || err != nil {
		t.Errorf("got %v, %v for a file of comments", node, err)
	}
	node, err := Document([]byte("fro: x"))
	if err == nil {
		_, err = Mapping(node, "for", "locks")
	}
	if fmt.Sprint(err) != `1:1: unknown field "fro": want for or locks` {
		t.Errorf("got %v", err)
	}
}
