//go:build headless

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"dunlin/cli"
)

// openWindow of the build without a window says what there is instead.
func openWindow(context.Context, cli.Globals, *slog.Logger) int {
	fmt.Fprintln(os.Stderr, "dunlin: this build has no window; \"dunlin help\" lists the commands.")
	return cli.ExitUsage
}
