// An empty Fyne window: what Dunlin's start is measured beside.
package main

import (
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("app.dunlin.Empty").NewWindow("Empty")
	w.SetContent(widget.NewLabel("empty"))
	w.ShowAndRun()
}
