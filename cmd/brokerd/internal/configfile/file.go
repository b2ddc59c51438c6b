package configfile

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/broker/strictyaml"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/textfile"
)

// A File is a configuration file that has been read.
type File struct {
	name   string
	values map[string]setting // by key
}

// A setting is a value in the file.
type setting struct {
	value any // as kong takes it: text, or a list of texts
	at    strictyaml.Position
}

// Read reads a file of at most 4 MiB, whose keys are the names of some flags.
func Read(name string, flags []*kong.Flag) (*File, error) {
	text, err := textfile.Read(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, text, flags)
}

// Parse reads the text of a file. Errors begin with name, line and column.
func Parse(name string, text []byte, flags []*kong.Flag) (*File, error) {
	f := &File{name, map[string]setting{}}
	if err := f.parse(text, flags); err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return f, nil
}

func (f *File) parse(text []byte, flags []*kong.Flag) error {
	document, err := strictyaml.Document(text)
	if err != nil || document == nil {
		return err
	}
	byName := map[string]*kong.Flag{}
	var keys []string
	for _, flag := range flags {
		byName[flag.Name] = flag
		keys = append(keys, flag.Name)
	}
	fields, err := strictyaml.Mapping(document, keys...)
	if err != nil {
		return err
	}
	for _, key := range keys { // in this order, so that the same file always has the same error
		node := fields[key]
		if node == nil {
			continue
		}
		value, err := valueOf(node, byName[key])
		if err != nil {
			return err
		}
		f.values[key] = setting{value, strictyaml.At(node)}
	}
	return nil
}

// valueOf returns the value of a flag as kong takes it.
func valueOf(node *yaml.Node, flag *kong.Flag) (any, error) {
	if !flag.IsSlice() {
		return scalarOf(node, flag)
	}
	items, err := strictyaml.Sequence(node, flag.Name)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		if list[i], err = scalarOf(item, flag); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// scalarOf returns a value of a flag, or one item of its list.
func scalarOf(node *yaml.Node, flag *kong.Flag) (any, error) {
	text, tag, err := strictyaml.Scalar(node, flag.Name)
	if err != nil {
		return nil, err
	}
	if want := kindOf(flag); !want.accepts(tag) {
		return nil, strictyaml.At(node).Errorf("%s: want %s", flag.Name, want.name)
	}
	value := any(text)
	if flag.IsSlice() {
		value = []any{text}
	}
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	if flag.Parse(scan, reflect.New(flag.Target.Type()).Elem()) != nil { // the error would show the value
		return nil, strictyaml.At(node).Errorf("%s: want %s", flag.Name, kindOf(flag).name)
	}
	return text, nil
}

// A kind is a type of values, as the file writes them.
type kind struct {
	name string
	tags []string
}

func (k kind) accepts(tag string) bool {
	return slices.Contains(k.tags, tag)
}

// kindOf returns the kind of a flag, or that of an item of its list. All lists are of text.
func kindOf(flag *kong.Flag) kind {
	of := flag.Target.Type()
	if of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[time.Duration]():
		return kind{"a duration, such as 15s", []string{"!!str"}}
	case reflect.PointerTo(of).Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()):
		return kind{"a number, or a size such as 600MiB", []string{"!!str", "!!int"}}
	}
	switch of.Kind() {
	case reflect.Bool:
		return kind{"true or false", []string{"!!bool"}}
	case reflect.Float32, reflect.Float64:
		return kind{"a number", []string{"!!int", "!!float"}}
	case reflect.String:
		return kind{"text: put it in quotes", []string{"!!str"}}
	}
	if of.Kind() == reflect.Uint16 {
		return kind{"a whole number from 0 to 65535", []string{"!!int"}}
	}
	return kind{"a whole number", []string{"!!int"}}
}

// Value returns the value of a key, as kong takes it, or nil if the file does not have it.
func (f *File) Value(key string) any {
	if s, found := f.values[key]; found {
		return s.value
	}
	return nil
}

// Place returns where the file has a key, or "".
func (f *File) Place(key string) string {
	s, found := f.values[key]
	if !found {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", f.name, s.at.Line, s.at.Column)
}
