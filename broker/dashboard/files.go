package dashboard

import (
	"embed"
	"io/fs"
)

//go:embed page
var embedded embed.FS

// Files returns the files of the page. The broker serves index.html at /, and each of the others at
// /dashboard/NAME. The modules are without comments and indentation, a quarter of the page.
func Files() fs.FS {
	page, err := fs.Sub(embedded, "page")
	if err != nil {
		panic(err) // the name is valid
	}
	return bare{page}
}
