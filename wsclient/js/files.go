// Package js embeds the files of the JavaScript client. Browsers load them as they are.
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

// Files returns client.js, which programs import, the modules that it imports, and the types in
// index.d.ts. There are no other files.
func Files() fs.FS { return files }

// Served returns the files that a broker serves to pages: those of Files, with Module in place of
// client.js.
func Served() fs.FS { return served{} }

type served struct{}

// Open implements fs.FS.
func (served) Open(name string) (fs.File, error) {
	if name == "client.js" {
		return bundle.Open("bundle/client.js")
	}
	return files.Open(name)
}

// Module returns client.js and all the modules that it imports as one file, so that a page need not
// fetch each of them.
func Module() string { return module }
