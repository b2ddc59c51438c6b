// Package js embeds the files of the JavaScript client. Browsers load them as they are.
package js

import (
	"embed"
	"io/fs"
)

//go:generate go test . -run ^TestModulesAreFresh$ -update

//go:embed *.js index.d.ts
var files embed.FS

//go:embed bundle/client.js
var module string

//go:embed bundle/*.js
var bundle embed.FS

// Files returns client.js, which programs import, the modules that it imports, and the types in
// index.d.ts. There is one other file: inspector.js, which the dashboard imports instead of client.js.
func Files() fs.FS { return files }

// Served returns the files that a broker serves to pages: those of Files, with client.js and inspector.js as one module
// each, together with all that they import.
func Served() fs.FS { return served{} }

type served struct{}

// Open implements fs.FS.
func (served) Open(name string) (fs.File, error) {
	if name == "client.js" || name == "inspector.js" {
		return bundle.Open("bundle/" + name)
	}
	return files.Open(name)
}

// Module returns client.js and all the modules that it imports as one file, so that a page need not
// fetch each of them.
func Module() string { return module }
