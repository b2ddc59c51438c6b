package wire_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func protocolPage(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An example is a frame of the page: a line of a json block that begins with an
// arrow.
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

// Examples decode, and stand on the page as this package writes them.
func TestProtocolExamples(t *testing.T) {
	for _, e := range protocolFrames(t) {
		var m wire.Message
		var err error
		if e.fromClient {
			m, err = wire.DecodeRequest([]byte(e.frame), wire.DefaultLimits())
		} else {
			m, err = wire.DecodeReply([]byte(e.frame))
		}
		if err != nil {
			t.Errorf("PROTOCOL.md:%d: %v", e.line, err)
			continue
		}
		if got, err := wire.Append(nil, m); err != nil || string(got) != e.frame {
			t.Errorf("PROTOCOL.md:%d: encodes as\n%s (%v)", e.line, got, err)
		}
	}
}

// Every message has an example.
func TestProtocolShowsEveryMessage(t *testing.T) {
	shown := map[string]bool{}
	for _, e := range protocolFrames(t) {
		if e.fromClient {
			if m, err := wire.DecodeRequest([]byte(e.frame), wire.DefaultLimits()); err == nil {
				shown[fmt.Sprintf("%T", m)] = true
			}
		} else if m, err := wire.DecodeReply([]byte(e.frame)); err == nil {
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

// messageTypes are the types of this package with a method Kind.
func messageTypes(t *testing.T) []string {
	t.Helper()
	var types []string
	for _, path := range []string{"messages_client.go", "messages_broker.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			method, ok := decl.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != "Kind" {
				continue
			}
			if pointer, ok := method.Recv.List[0].Type.(*ast.StarExpr); ok {
				types = append(types, pointer.X.(*ast.Ident).Name)
			}
		}
	}
	return types
}

func TestProtocolTables(t *testing.T) {
	page := protocolPage(t)
	var errors, closes, statuses [][]string
	for _, e := range wire.ErrorCodes() {
		errors = append(errors, []string{"`" + string(e.Code) + "`", string(e.Retry), e.Meaning})
	}
	for _, c := range wire.CloseCodes() {
		closes = append(closes, []string{strconv.Itoa(c.Code), string(c.Retry), c.Meaning})
	}
	for _, h := range wire.HTTPStatuses() {
		statuses = append(statuses, []string{strconv.Itoa(h.Status), string(h.Retry), h.Meaning})
	}
	for header, want := range map[string][][]string{
		"| Code | Retry | Meaning |":   errors,
		"| Close | Retry | Meaning |":  closes,
		"| Status | Retry | Meaning |": statuses,
	} {
		if got := table(page, header); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("PROTOCOL.md: the table under %q differs from codes.go; want\n%s", header, render(header, want))
		}
	}
}

// table returns the rows of the table with this header.
func table(page, header string) [][]string {
	_, rest, _ := strings.Cut(page, "\n"+header+"\n")
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		if strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

func render(header string, rows [][]string) string {
	text := header + "\n| --- | --- | --- |\n"
	for _, row := range rows {
		text += "| " + strings.Join(row, " | ") + " |\n"
	}
	return text
}
