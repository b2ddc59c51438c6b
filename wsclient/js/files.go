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

// Files returns client.js, which programs import, the parts that it imports, and the types in index.d.ts. There are
// no other files.
func Files() fs.FS { return files }

// Module returns client.js and all its parts as one file, so that a page need not fetch each part.
func Module() string { return module }
