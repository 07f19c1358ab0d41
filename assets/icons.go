package assets

import (
	"embed"
)

// Icon is the program's picture, a dunlin.
//
//go:embed icon.svg
var Icon []byte

// IconPNG is the picture at 256 pixels, for where drawings are not understood.
//
//go:embed icon-256.png
var IconPNG []byte

// The pictures of the tray by state.
var (
	//go:embed tray-ok.png
	TrayOK []byte
	//go:embed tray-paused.png
	TrayPaused []byte
	//go:embed tray-attention.png
	TrayAttention []byte
	//go:embed tray-syncing.png
	TraySyncing []byte
)

// Translations holds the words of the window, one file a language.
//
//go:embed translations/*.json
var Translations embed.FS
