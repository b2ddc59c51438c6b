package mutation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// A fault is a defect to plant into a copy of the sources.
type fault struct {
	name    string // of its file, such as 01-lease-margin
	title   string
	promise promise.Promise     // the promise that it endangers
	methods map[string][]string // the arguments of each method that must find it
	text    string
	edits   []edit
}

// An edit replaces a text that occurs exactly once in a file.
type edit struct {
	file     string // relative to the root of the repository, with slashes
	old, new string
}

// number returns the number of the fault, which is the beginning of its name.
func (f *fault) number() string { return f.name[:2] }

// loadFaults returns all faults, in the order of their numbers.
func loadFaults(t testing.TB) []*fault {
	t.Helper()
	paths, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no faults: %v", err)
	}
	var faults []*fault
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parseFault(strings.TrimSuffix(filepath.Base(path), ".txt"), string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		faults = append(faults, f)
	}
	return faults
}

// parseFault parses the text of a fault: a title, fields, a paragraph and edits.
func parseFault(name, text string) (*fault, error) {
	f := &fault{name: name, methods: make(map[string][]string)}
	text, edits, _ := strings.Cut(text, "\n"+oldMark)
	head, text, found := strings.Cut(text, "\n\n")
	if f.text = strings.TrimSpace(text); !found || f.text == "" {
		return nil, errors.New("there is no paragraph after the fields")
	}
	for i, line := range strings.Split(head, "\n") {
		if i == 0 {
			f.title = line
			continue
		}
		if err := f.parseField(line); err != nil {
			return nil, err
		}
	}
	if f.promise == 0 {
		return nil, errors.New("it names no promise")
	}
	return f, f.parseEdits(oldMark + edits)
}

// parseField parses a line such as "promise: P5 lease", "fuzz: ./broker/wire/codec FuzzPlainRequest" or "soak: yes".
func (f *fault) parseField(line string) error {
	key, value, found := strings.Cut(line, ": ")
	args := strings.Fields(value)
	switch {
	case !found || len(args) == 0:
		return fmt.Errorf("not a field: %q", line)
	case key == "promise":
		n, err := strconv.Atoi(strings.TrimPrefix(args[0], "P"))
		if f.promise = promise.Promise(n); err != nil || !slices.Contains(promise.All(), f.promise) ||
			f.promise.String() != value {
			return fmt.Errorf("no such promise: %q", value)
		}
		return nil
	case !slices.ContainsFunc(methods, func(m method) bool { return m.name == key }):
		return fmt.Errorf("no such method: %q", key)
	}
	if args[0] == "yes" {
		args = nil
	}
	f.methods[key] = args
	return nil
}

const (
	oldMark = "-- old "
	newMark = "-- new --\n"
)

// parseEdits parses the edits. Each begins with a line "-- old FILE --" and the old text. A line "-- new --" and the
// new text follow.
func (f *fault) parseEdits(text string) error {
	for part := range strings.SplitSeq("\n"+text, "\n"+oldMark) {
		if part == "" {
			continue
		}
		file, texts, hasFile := strings.Cut(part, " --\n")
		before, after, hasNew := strings.Cut(texts, newMark)
		if !hasFile || !hasNew || before == "" {
			return fmt.Errorf("not an edit: %q", part)
		}
		f.edits = append(f.edits, edit{file, strings.TrimSuffix(before, "\n"), strings.TrimSuffix(after, "\n")})
	}
	if len(f.edits) == 0 && f.methods["model"] == nil {
		return errors.New("it has no edits")
	}
	return nil
}

// apply returns what becomes of source.
func (e edit) apply(source string) (string, error) {
	if n := strings.Count(source, e.old); n != 1 {
		return "", fmt.Errorf("%s has the old text %d times, not once:\n%s", e.file, n, e.old)
	}
	return strings.Replace(source, e.old, e.new, 1), nil
}
