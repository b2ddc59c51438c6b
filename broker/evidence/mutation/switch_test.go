package mutation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// All faults in Go are planted at the same time, and one is switched on when the program runs. So the compiler runs
// once for each test program, and not once for each fault. For each function that a fault changes, the planted source
// has a second function, and the first one calls it if the fault is switched on:
//
//	func (l *Lease) Left(at Instant) time.Duration {
//		if planted.Is(29) {
//			return l.Left_29(at)
//		}
//		...
//	}
//
// The number of the fault is in an environment variable, so the children of a test inherit it.

const (
	switchVariable = "LOCKBROKER_PLANTED_FAULT"
	switchPath     = "broker/wire/planted" // of the package with the switch, which only the overlay has
	switchImport   = `import "github.com/lockbroker/lockbroker/` + switchPath + `"`
	switchSource   = `package planted

import "os"

var number = os.Getenv("` + switchVariable + `")

// Is reports whether the fault with that number is switched on.
func Is(n string) bool { return n == number }
`
)

// A planting is a Go file into which faults are planted.
type planting struct {
	name   string
	source string
	calls  map[string]string // what to insert at the beginning of each function, by the name of the function
	more   strings.Builder   // further functions
}

// functions returns the functions of a Go source by name, with the type of the receiver.
func functions(source string) (map[string]*ast.FuncDecl, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*ast.FuncDecl)
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is {
			all[nameOf(source, f)] = f
		}
	}
	return all, nil
}

// nameOf returns the name of a function, with the type of its receiver.
func nameOf(source string, f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	return textOf(source, f.Recv.List[0].Type) + "." + f.Name.Name
}

// textOf returns the source of a node in a file that was parsed alone.
func textOf(source string, n ast.Node) string { return source[n.Pos()-1 : n.End()-1] }

// plant adds the functions that differ between the source and changed, its text with the fault.
func (p *planting) plant(number, changed string) error {
	before, err := functions(p.source)
	if err != nil {
		return err
	}
	after, err := functions(changed)
	if err != nil {
		return err
	}
	differs := false
	for name, f := range after {
		body := textOf(changed, f)
		if original := before[name]; original == nil || textOf(p.source, original) == body {
			continue
		}
		call, err := callOf(f, number)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", p.name, name, err)
		}
		differs = true
		p.calls[name] += call
		at := f.Name.End() - f.Pos()
		p.more.WriteString("\n" + body[:at] + "_" + number + body[at:] + "\n")
	}
	if !differs {
		return fmt.Errorf("%s: the fault changes no function", p.name)
	}
	return nil
}

// callOf returns the statement that calls f with the suffix if the fault is switched on.
func callOf(f *ast.FuncDecl, number string) (string, error) {
	callee := f.Name.Name
	if f.Recv != nil {
		if len(f.Recv.List[0].Names) == 0 {
			return "", fmt.Errorf("its receiver has no name")
		}
		callee = f.Recv.List[0].Names[0].Name + "." + callee
	}
	var args []string
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			arg := name.Name
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	if slices.Contains(args, "_") || len(args) != f.Type.Params.NumFields() {
		return "", fmt.Errorf("a parameter has no name")
	}
	call := fmt.Sprintf("%s_%s(%s)", callee, number, strings.Join(args, ", "))
	if f.Type.Results == nil {
		call += "; return"
	} else {
		call = "return " + call
	}
	return fmt.Sprintf(" if planted.Is(%q) { %s }; ", number, call), nil
}

// String returns the source with all planted faults.
func (p *planting) String() (string, error) {
	all, err := functions(p.source)
	if err != nil {
		return "", err
	}
	inserts := make(map[int]string) // by offset
	for name, call := range p.calls {
		inserts[int(all[name].Body.Lbrace)] = call
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", p.source, parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	inserts[int(file.Name.End())-1] = "; " + switchImport
	var b strings.Builder
	for i := range len(p.source) {
		b.WriteString(inserts[i])
		b.WriteByte(p.source[i])
	}
	b.WriteString(p.more.String())
	return b.String(), nil
}

// plantAll returns the Go files of the repository that faults change, with all these faults, by file.
func plantAll(original string, faults []*fault) (map[string]string, error) {
	plantings := make(map[string]*planting)
	for _, f := range faults {
		changed, err := f.applyTo(original)
		if err != nil {
			return nil, err
		}
		for file, text := range changed {
			if path.Ext(file) != ".go" {
				continue
			}
			if plantings[file] == nil {
				source, err := readSource(original, file)
				if err != nil {
					return nil, err
				}
				plantings[file] = &planting{name: file, source: source, calls: make(map[string]string)}
			}
			if err := plantings[file].plant(f.number(), text); err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	sources := map[string]string{switchPath + "/planted.go": switchSource}
	for file, p := range plantings {
		text, err := p.String()
		if err != nil {
			return nil, err
		}
		sources[file] = text
	}
	return sources, nil
}
