// Package cli is the command line: one command in, plain text or JSON out, over the same core as the window.
// It imports core and the demo company; it imports no Fyne, no SQL and talks to no server itself.
package cli
