// Package js has the files of the JavaScript client, which pages load as they are.
package js

import (
	"embed"
	"io/fs"
)

//go:generate go test . -run ^TestModuleIsFresh$ -update

//go:embed *.js index.d.ts
var files embed.FS

//go:embed bundle/client.js
var module string

//go:embed bundle/client.js
var bundle embed.FS

// Files are client.js, with which a program begins, the parts that it imports, and the types.
// Nothing else is among them.
func Files() fs.FS { return files }

// Served returns what a broker serves to pages: the same files, but Module in the place of client.js.
func Served() fs.FS { return served{} }

type served struct{}

func (served) Open(name string) (fs.File, error) {
	if name == "client.js" {
		return bundle.Open("bundle/client.js")
	}
	return files.Open(name)
}

// Module is client.js with all its parts in one file, for who would have to fetch each of them.
func Module() string { return module }
