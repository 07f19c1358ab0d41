//go:build !linux

package gui

import (
	"context"

	"dunlin/gui/theme"
)

// desktopMode leaves it to Fyne, which knows what these systems wish.
func desktopMode(context.Context) (theme.Mode, error) { return theme.System, nil }
