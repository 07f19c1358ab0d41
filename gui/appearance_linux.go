package gui

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"dunlin/gui/theme"
)

// desktopMode asks the desktop's portal for light or dark. Fyne asks too, but its answer does not tell a
// dark desktop from one that says nothing.
func desktopMode(ctx context.Context) (theme.Mode, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return theme.System, nil // no desktop to ask
	}
	defer conn.Close()
	if conn.Auth(nil) != nil || conn.Hello() != nil {
		return theme.System, nil
	}
	portal := conn.Object("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
	var answer dbus.Variant
	err = portal.CallWithContext(ctx, "org.freedesktop.portal.Settings.Read", 0, "org.freedesktop.appearance", "color-scheme").Store(&answer)
	if err != nil {
		return theme.System, ctx.Err()
	}
	return schemeMode(answer.Value()), nil
}

// schemeMode reads the portal's colour scheme: 1 is dark, 2 is light, all else no wish. The method Read
// wraps it into a further variant.
func schemeMode(v any) theme.Mode {
	if inner, ok := v.(dbus.Variant); ok {
		return schemeMode(inner.Value())
	}
	switch v {
	case uint32(1):
		return theme.Dark
	case uint32(2):
		return theme.Light
	}
	return theme.System
}
