// Package core is the application: what the window and the command line can ask for, and the events
// they hear. It puts together pull, chase, outbox, mail and store, and owns the clerk, the one goroutine
// that talks to AccountsIQ and to mail servers. It imports no Fyne, no SQL and nothing of the faces.
package core
