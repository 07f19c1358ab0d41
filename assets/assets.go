// Package assets holds the files that are built into the program: icon, translations, the supplied
// templates of messages and dated tables. It imports nothing of this module.
package assets

import (
	"embed"
	"io/fs"
)

//go:embed templates/*.md
var templateFiles embed.FS

// Templates returns the supplied templates, one file NAME.md each at the top.
func Templates() fs.FS {
	sub, err := fs.Sub(templateFiles, "templates")
	if err != nil { // only for a path that is not valid, and this one is
		return templateFiles
	}
	return sub
}
