//go:build linux && !headless

package main

import "github.com/godbus/dbus/v5"

// trayAvailable reports whether somebody shows tray icons. Without one a window that is closed to the tray
// would be lost.
func trayAvailable() bool {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return false
	}
	defer conn.Close()
	if conn.Auth(nil) != nil || conn.Hello() != nil {
		return false
	}
	var owned bool
	err = conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.kde.StatusNotifierWatcher").Store(&owned)
	return err == nil && owned
}
