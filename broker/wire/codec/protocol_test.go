package codec_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

func protocolPage(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An example is a frame of the page: a line of a json block, after the arrow.
type example struct {
	line       int
	fromClient bool
	frame      string
}

func protocolFrames(t testing.TB) []example {
	t.Helper()
	var all []example
	inside := false
	for i, line := range strings.Split(protocolPage(t), "\n") {
		if strings.HasPrefix(line, "```") {
			inside = line == "```json"
			continue
		}
		if !inside || line == "" {
			continue
		}
		arrow, frame, _ := strings.Cut(line, " ")
		if arrow != "->" && arrow != "<-" {
			t.Errorf("PROTOCOL.md:%d: want an arrow at the start of each line of a json block", i+1)
		}
		all = append(all, example{line: i + 1, fromClient: arrow == "->", frame: frame})
	}
	if len(all) == 0 {
		t.Fatal("PROTOCOL.md: no example in a json block")
	}
	return all
}

// Each example can be decoded, and this package encodes it exactly as the page shows it.
func TestProtocolExamples(t *testing.T) {
	for _, e := range protocolFrames(t) {
		var m wire.Message
		var err error
		if e.fromClient {
			m, err = codec.DecodeRequest([]byte(e.frame), wire.DefaultLimits())
		} else {
			m, err = codec.DecodeReply([]byte(e.frame))
		}
		if err != nil {
			t.Errorf("PROTOCOL.md:%d: %v", e.line, err)
			continue
		}
		if got, err := codec.Append(nil, m); err != nil || string(got) != e.frame {
			t.Errorf("PROTOCOL.md:%d: encodes as\n%s (%v)", e.line, got, err)
		}
	}
}

// Every message has an example on the page.
func TestProtocolShowsEveryMessage(t *testing.T) {
	shown := map[string]bool{}
	for _, e := range protocolFrames(t) {
		if e.fromClient {
			if m, err := codec.DecodeRequest([]byte(e.frame), wire.DefaultLimits()); err == nil {
				shown[fmt.Sprintf("%T", m)] = true
			}
		} else if m, err := codec.DecodeReply([]byte(e.frame)); err == nil {
			shown[fmt.Sprintf("%T", m)] = true
		}
	}
	types := messageTypes(t)
	if len(types) < 20 {
		t.Fatalf("found only these messages in the source: %v", types)
	}
	for _, name := range types {
		if !shown["*wire."+name] {
			t.Errorf("PROTOCOL.md: no example of %s", name)
		}
	}
}

// messageTypes returns the names of the message types of package wire, which embed a marker.
func messageTypes(t *testing.T) []string {
	t.Helper()
	var types []string
	for _, path := range []string{"../requests.go", "../replies.go", "../credentials.go", "../resume.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if body, ok := spec.Type.(*ast.StructType); ok && isMarker(body.Fields.List[0]) {
				types = append(types, spec.Name.Name)
			}
			return false
		})
	}
	return types
}

func isMarker(field *ast.Field) bool {
	name, ok := field.Type.(*ast.Ident)
	return ok && len(field.Names) == 0 && (name.Name == "fromClient" || name.Name == "fromBroker")
}

// Every message type of package wire has one row in the tables. Each row makes the message that it
// names. The name is the name of the type in lower case, except for the replies to info, why,
// clients and whoami, and for not_resumed.
func TestEveryMessageHasAKind(t *testing.T) {
	var types []string
	for _, name := range codec.RequestKinds() {
		types = append(types, kindType(t, "request", name, codec.NewRequest))
	}
	for _, name := range codec.ReplyKinds() {
		types = append(types, kindType(t, "reply", name, codec.NewReply))
	}
	want := messageTypes(t)
	slices.Sort(types)
	slices.Sort(want)
	if !slices.Equal(types, want) {
		t.Errorf("the tables have the types\n%v, want\n%v", types, want)
	}
}

func kindType[M wire.Message](t *testing.T, set, name string, create func(string) (M, bool)) string {
	t.Helper()
	m, known := create(name)
	goType := strings.TrimPrefix(fmt.Sprintf("%T", m), "*wire.")
	replyTo := map[string]string{
		"InfoPage": "info", "Chain": "why", "ClientsPage": "clients", "Permissions": "whoami",
		"NotResumed": "not_resumed",
	}
	if !known || codec.Kind(m) != name || name != cmp.Or(replyTo[goType], strings.ToLower(goType)) {
		t.Errorf("%s %q: made %T, which is %q", set, name, m, codec.Kind(m))
	}
	return goType
}
