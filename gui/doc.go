// Package gui is the window of Dunlin: its frame, one file a screen, and the tray. It knows core and the
// nouns of core/ledger and core/chase, and nothing below them: no SQL, no HTTP, no SMTP. It does not
// import fyne.io/fyne/v2/app either, so it builds and tests without a display.
package gui
