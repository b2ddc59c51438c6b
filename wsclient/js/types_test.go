package js_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// compilers lists versions of TypeScript: the first with await using, the newest, and some between them. The newest is
// much faster, and compiles all projects. Each of the others compiles every way of resolving packages and every lib
// once, because neither depends on the other.
var compilers = []struct {
	version  string
	projects []string
}{
	{"5.2", []string{"node16-ES2022", "nodenext-ES2023", "bundler-ESNext", "worker", "node"}},
	{"5.5", []string{"node16-ES2023", "nodenext-ESNext", "bundler-ES2022"}},
	{"5.9", []string{"node16-ESNext", "nodenext-ES2022", "bundler-ES2023"}},
	{"6.0", []string{"node16-ES2022", "nodenext-ES2023", "bundler-ESNext"}},
	{"7.0", []string{"*"}},
}

// TestTypes compiles the programs in test/types against the package as it is published. The
// programs mark the lines that must not compile. It uses every compiler, every way of resolving
// packages, and libs with and without Symbol.asyncDispose.
func TestTypes(t *testing.T) {
	folder := t.TempDir()
	install(t, folder)
	if err := os.Symlink(jstest.Tool(t, "@types"), filepath.Join(folder, "node_modules/@types")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, os.DirFS("test/types")); err != nil {
		t.Fatal(err)
	}
	writeProjects(t, folder)
	for _, compiler := range compilers {
		t.Run(compiler.version, func(t *testing.T) {
			t.Parallel()
			args := []string{"--build", "--force"}
			for _, project := range compiler.projects {
				found, err := filepath.Glob(filepath.Join(folder, "tsconfig."+project+".json"))
				if err != nil || len(found) == 0 {
					t.Fatalf("there is no project %s; %v", project, err)
				}
				args = append(args, found...)
			}
			tsc := jstest.Script(t, "typescript-"+compiler.version, "bin/tsc", args...)
			tsc.Dir = folder
			run(t, tsc)
		})
	}
}

// writeProjects writes a tsconfig file for each environment that a program may have.
func writeProjects(t *testing.T, folder string) {
	write := func(name, resolution string, libs, types, files []string) {
		module := map[string]string{"bundler": "ESNext"}[resolution]
		if module == "" {
			module = resolution
		}
		text, err := json.Marshal(map[string]any{"files": files, "compilerOptions": map[string]any{
			"module": module, "moduleResolution": resolution, "target": "ES2022",
			"lib": libs, "types": types, "noEmit": true,
			"strict": true, "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true,
			"skipLibCheck": false, "skipDefaultLibCheck": true, // check all but TypeScript's own files
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "tsconfig."+name+".json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"same.ts", "locks.ts", "changes.ts", "options.ts", "errors.ts", "events.ts", "common.cts"}
	for _, resolution := range []string{"node16", "nodenext", "bundler"} {
		for _, lib := range []string{"ES2022", "ES2023", "ESNext"} {
			disposal := "nodisposal.ts"
			if lib == "ESNext" {
				disposal = "disposal.ts"
			}
			files := append(slices.Clone(all), disposal)
			write(resolution+"-"+lib, resolution, []string{lib, "DOM"}, []string{}, files)
		}
	}
	worker := append(slices.Clone(all), "nodisposal.ts")
	write("worker", "bundler", []string{"ES2022", "WebWorker"}, []string{}, worker)
	node := append(slices.Clone(all), "disposal.ts", "node.ts")
	write("node", "nodenext", []string{"ES2022"}, []string{"node"}, node)
}

// TestTypesKnowTheProtocol checks that listings and changes have the same fields in TypeScript as in Go.
func TestTypesKnowTheProtocol(t *testing.T) {
	text, err := os.ReadFile("index.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	types := regexp.MustCompile(`(?s)/\*\*.*?\*/`).ReplaceAllString(string(text), "")
	for _, test := range []struct {
		begin, end string
		want       []string
	}{
		{"interface RequestInfo {", "\n}", fields(reflect.TypeFor[wire.RequestInfo]())},
		{"interface LockInfo {", "\n}", fields(reflect.TypeFor[wire.LockInfo]())},
		{"interface Step {", "\n}", fields(reflect.TypeFor[wire.Step]())},
		{`event: "lost";`, "}", without(fields(reflect.TypeFor[wire.Change]()), "id", "event")},
	} {
		_, after, found := strings.Cut(types, test.begin)
		body, _, ended := strings.Cut(after, test.end)
		if !found || !ended {
			t.Fatalf("index.d.ts does not have %s", test.begin)
		}
		var got []string
		for _, match := range regexp.MustCompile(`(\w+)\??:`).FindAllStringSubmatch(body, -1) {
			got = append(got, match[1])
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s has %q, want %q", test.begin, got, test.want)
		}
	}
}

// fields returns the names of a struct's fields on the wire.
func fields(of reflect.Type) (names []string) {
	for field := range of.Fields() {
		if field.Anonymous {
			names = append(names, fields(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func without(names []string, some ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(some, name) })
}
