// An empty Fyne window of Dunlin's size: what Dunlin's start is measured beside.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("app.dunlin.Empty").NewWindow("Empty")
	w.SetContent(widget.NewLabel("empty"))
	w.Resize(fyne.NewSize(1200, 800))
	w.ShowAndRun()
}
