//go:build !headless

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver/desktop"

	"dunlin/cli"
	"dunlin/core"
	"dunlin/demo"
	"dunlin/gui"
)

// appID names the program to the desktop: preferences, tray item, notifications.
const appID = "app.dunlin.Dunlin"

// openWindow runs the window until it is quit.
func openWindow(ctx context.Context, g cli.Globals, logger *slog.Logger) int {
	if err := window(ctx, g, logger); err != nil {
		p := core.ProblemOf(err)
		fmt.Fprintf(os.Stderr, "dunlin: %s %s\n", p.Message, p.Hint)
		return cli.ExitFailed
	}
	return cli.ExitDone
}

// world is the application that a window shows, and how to end it.
type world struct {
	app   *core.App
	close func() error
}

func window(ctx context.Context, g cli.Globals, logger *slog.Logger) (err error) {
	w, instance, err := openWorld(ctx, g, logger)
	if err != nil || w.app == nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if instance != nil {
		defer instance.Close()
	}
	fyneApp := app.NewWithID(appID)
	win := gui.New(gui.Deps{Core: w.app, App: fyneApp, Now: time.Now, Logger: logger, Version: version,
		Open: func(address string) error {
			u, err := url.Parse(address)
			if err != nil {
				return err
			}
			return fyneApp.OpenURL(u)
		},
		Demo: startDemo})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	worker := newWorker(ctx, w.app, func(err error) {
		w.app.Publish(core.Event{Kind: core.Failed, Problem: core.ProblemOf(err)})
	})
	if instance != nil {
		instance.OnShow(func() { w.app.Publish(core.Event{Kind: core.ShowWindow}) })
	}
	tray := false
	if d, ok := fyneApp.(desktop.App); ok {
		tray = trayAvailable()
		win.Tray(d, tray)
	}
	fyneApp.Lifecycle().SetOnStarted(worker.start)
	quitWhenAsked(ctx, fyneApp, worker)
	if g.Background && tray {
		win.Start()
	} else {
		win.Show()
	}
	fyneApp.Run()
	close(worker.over)
	win.Close()
	stop()
	worker.wait()
	return nil
}

// openWorld opens the demo company or the user's own data. A nil app without an error means that another
// window is open on that data and was brought to the front.
func openWorld(ctx context.Context, g cli.Globals, logger *slog.Logger) (world, *instance, error) {
	if g.Demo {
		d, err := demo.Start(ctx, demo.Options{Data: g.Data, Now: time.Now, NewID: newID, Random: rand.Reader, Logger: logger})
		if err == nil {
			err = d.Prepare(ctx)
		}
		if err != nil {
			return world{}, nil, errors.Join(err, d.Close())
		}
		return world{d.App, d.Close}, nil, nil
	}
	dir, err := dataDir(g.Data)
	if err != nil {
		return world{}, nil, err
	}
	instance, err := firstInstance(dir)
	if err != nil || instance == nil {
		return world{}, nil, err
	}
	a, err := core.Open(ctx, deps(logger), dir)
	if err != nil {
		return world{}, nil, errors.Join(err, instance.Close())
	}
	return world{a, a.Close}, instance, nil
}

// startDemo opens a second program on the demo company.
func startDemo() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "--demo")
	cmd.Dir = filepath.Dir(self)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// quitWhenAsked ends the window when the system asks the program to stop.
func quitWhenAsked(ctx context.Context, a fyne.App, w *worker) {
	w.running.Add(1)
	go func() {
		defer w.running.Done()
		select {
		case <-ctx.Done():
			fyne.Do(a.Quit)
		case <-w.over:
		}
	}()
}
