package main

import (
	"fmt"
	"go/ast"
	"slices"
)

// A pkg is a package that others can import, without its tests. A name that is declared in several files, one for each
// operating system, counts once.
type pkg struct {
	path         string
	names        int // exported constants, variables, functions and types
	members      int // names, and the exported methods of exported types
	undocumented []string
	seen         map[string]bool
}

// add adds the exported names of one file.
func (p *pkg) add(syntax *ast.File) {
	for _, declaration := range syntax.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			p.addFunction(d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				p.addSpec(d, spec)
			}
		}
	}
}

func (p *pkg) addFunction(d *ast.FuncDecl) {
	if d.Recv == nil {
		p.addName(d.Name.Name, false, d.Doc)
		return
	}
	if owner := receiver(d.Recv.List[0].Type); ast.IsExported(owner) && d.Name.IsExported() {
		p.addName(owner+"."+d.Name.Name, true, d.Doc)
	}
}

// addSpec adds constants, variables or a type. The comment of a group documents each name in it, as does a comment at
// the end of the line.
func (p *pkg) addSpec(d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		p.addName(s.Name.Name, false, d.Doc, s.Doc, s.Comment)
	case *ast.ValueSpec:
		for _, name := range s.Names {
			p.addName(name.Name, false, d.Doc, s.Doc, s.Comment)
		}
	}
}

func (p *pkg) addName(name string, method bool, comments ...*ast.CommentGroup) {
	if !ast.IsExported(name) || p.seen[name] {
		return
	}
	if p.seen == nil {
		p.seen = make(map[string]bool)
	}
	p.seen[name] = true
	p.members++
	if !method {
		p.names++
	}
	isComment := func(c *ast.CommentGroup) bool { return c.Text() != "" }
	if !slices.ContainsFunc(comments, isComment) {
		p.undocumented = append(p.undocumented, fmt.Sprintf("%s.%s", p.path, name))
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(of ast.Expr) string {
	switch t := of.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}
