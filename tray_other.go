//go:build !linux && !headless

package main

// trayAvailable reports whether there is a tray; Windows and macOS always have one.
func trayAvailable() bool { return true }
