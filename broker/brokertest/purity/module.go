package purity

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// modulePath begins the import paths of this module.
const modulePath = "github.com/lockbroker/lockbroker/"

// A module imports the packages of this module, without their function bodies, and the iterators of
// the standard library. Reading all that these packages import would take ten seconds, and would find
// nothing more.
type module struct {
	root string // the folder of go.mod
	read map[string]*types.Package
}

// newModule returns the module that contains folder.
func newModule(folder string) (*module, error) {
	root, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return &module{root: root, read: make(map[string]*types.Package)}, nil
		}
		if filepath.Dir(root) == root {
			return nil, errors.New("no go.mod in this folder or above it")
		}
		root = filepath.Dir(root)
	}
}

// iterators returns the source of a package of the standard library with iterators, as far as pure
// packages range over its results, or "".
func iterators(path string) string {
	switch path {
	case "iter":
		return `package iter
			type Seq[V any] func(yield func(V) bool)
			type Seq2[K, V any] func(yield func(K, V) bool)`
	case "slices":
		return `package slices
			import "iter"
			func Backward[S ~[]E, E any](s S) iter.Seq2[int, E] { return nil }
			func Collect[E any](seq iter.Seq[E]) []E { return nil }`
	}
	return ""
}

// Import implements [types.Importer].
func (m *module) Import(path string) (*types.Package, error) {
	if pkg := m.read[path]; pkg != nil {
		return pkg, nil
	}
	fset := token.NewFileSet()
	var files []*ast.File
	var err error
	if source := iterators(path); source != "" {
		var file *ast.File
		file, err = parser.ParseFile(fset, path, source, 0)
		files = []*ast.File{file}
	} else {
		folder, own := strings.CutPrefix(path, modulePath)
		if !own {
			return nil, fmt.Errorf("%s belongs to another module", path)
		}
		files, err = parseFolder(fset, filepath.Join(m.root, filepath.FromSlash(folder)))
	}
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: m, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := config.Check(path, fset, files, nil)
	m.read[path] = pkg
	return pkg, nil
}

// typesOf returns the types of expressions, as far as known can import them. reportRange reports those
// that it must know and does not.
func typesOf(fset *token.FileSet, files []*ast.File, known *module) *types.Info {
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: known, Error: func(error) {}}
	_, _ = config.Check("pure", fset, files, info)
	return info
}
