// Package js has the files of the JavaScript client, which pages load as they are.
package js

import (
	"embed"
	"io/fs"
)

//go:embed *.js index.d.ts
var files embed.FS

// Files are client.js, with which a page begins, the parts that it imports, and the types.
// Nothing else is among them.
func Files() fs.FS { return files }
