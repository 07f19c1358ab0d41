package theme

import (
	"bytes"
	"fmt"

	"fyne.io/fyne/v2"
)

// The icons, drawn on a 24-pixel grid with a line of 1.8.
var (
	IconHome        = icon("home", `<path d="M4 11l8-7 8 7v8.5a1 1 0 0 1-1 1h-4.5v-6h-5v6H5a1 1 0 0 1-1-1z"/>`)
	IconReceivables = icon("receivables", `<path d="M6 3.5h12v17l-3-2-3 2-3-2-3 2z"/><path d="M9.5 8.5h5M9.5 12.5h5"/>`)
	IconOutbox      = icon("outbox", `<path d="M20.5 3.5L3.5 10.5l6.5 3 3 6.5z"/><path d="M20.5 3.5L10 13.5"/>`)
	IconActivity    = icon("activity", `<path d="M3 12h4l3-7.5 4.5 15 3-7.5h3.5"/>`)
	IconSchedules   = icon("schedules", `<path d="M4 6.5a1 1 0 0 1 1-1h14a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1z"/><path d="M4 10h16M8.5 3v4M15.5 3v4"/>`)
	IconSettings    = icon("settings", `<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2.2"/><circle cx="9" cy="17" r="2.2"/>`)
	IconSync        = icon("sync", `<path d="M4.5 11a7.8 7.8 0 0 1 13.6-4L20 9"/><path d="M20 4v5h-5"/><path d="M19.5 13a7.8 7.8 0 0 1-13.6 4L4 15"/><path d="M4 20v-5h5"/>`)
	IconSearch      = icon("search", `<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.5 5.5"/>`)
	IconMore        = icon("more", `<circle cx="12" cy="5.2" r="0.8"/><circle cx="12" cy="12" r="0.8"/><circle cx="12" cy="18.8" r="0.8"/>`)
	IconExternal    = icon("external", `<path d="M13.5 4.5h6v6"/><path d="M19.5 4.5L11 13"/><path d="M18 14v4.5a1 1 0 0 1-1 1H5.5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1H10"/>`)
	IconEye         = icon("eye", `<path d="M2.5 12c2.5-4.5 5.7-6.5 9.5-6.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5s-7-2-9.5-6.5z"/><circle cx="12" cy="12" r="2.8"/>`)
	IconEyeOff      = icon("eye-off", `<path d="M2.5 12c2.5-4.5 5.7-6.5 9.5-6.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5s-7-2-9.5-6.5z"/><path d="M4 20L20 4"/>`)
	IconClose       = icon("close", `<path d="M6 6l12 12M18 6L6 18"/>`)
	IconCheck       = icon("check", `<path d="M5 12.5l4.5 4.5L19 7"/>`)
	IconWarning     = icon("warning", `<path d="M12 4l9 15.5H3z"/><path d="M12 10v4.5M12 16.8v.4"/>`)
	IconInfo        = icon("info", `<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.6v.4"/>`)
	IconDown        = icon("down", `<path d="M6.5 9.5l5.5 5.5 5.5-5.5"/>`)
	IconUp          = icon("up", `<path d="M6.5 14.5L12 9l5.5 5.5"/>`)
	IconBack        = icon("back", `<path d="M14.5 6L8.5 12l6 6"/>`)
	IconNext        = icon("next", `<path d="M9.5 6l6 6-6 6"/>`)
	IconMail        = icon("mail", `<path d="M3.5 6.5a1 1 0 0 1 1-1h15a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1z"/><path d="M4 7l8 6 8-6"/>`)
	IconPause       = icon("pause", `<path d="M8.5 5.5v13M15.5 5.5v13"/>`)
	IconPlay        = icon("play", `<path d="M7.5 5l11 7-11 7z"/>`)
	IconCopy        = icon("copy", `<path d="M9 9h10.5v10.5H9z"/><path d="M15 9V4.5H4.5V15H9"/>`)
	IconClock       = icon("clock", `<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.5l3.5 2"/>`)
	IconCalendar    = IconSchedules
	IconUser        = icon("user", `<circle cx="12" cy="8" r="4"/><path d="M4 20.5c1-4.5 4-6.5 8-6.5s7 2 8 6.5"/>`)
	IconPhone       = icon("phone", `<path d="M7.5 3.5h9a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z"/><path d="M10.5 17.5h3"/>`)
	IconPin         = icon("pin", `<path d="M12 21c-4.5-5-6.5-8-6.5-11a6.5 6.5 0 0 1 13 0c0 3-2 6-6.5 11z"/><circle cx="12" cy="10" r="2.3"/>`)
	IconNote        = icon("note", `<path d="M5 4.5h14v10l-5 5H5z"/><path d="M19 14.5h-5v5M8.5 9h7M8.5 12.5h4"/>`)
	IconShield      = icon("shield", `<path d="M12 3.5l7.5 3v5c0 5-3.5 7.5-7.5 9-4-1.5-7.5-4-7.5-9v-5z"/><path d="M8.8 12l2.3 2.3 4.2-4.6"/>`)
	IconPlus        = icon("plus", `<path d="M12 5v14M5 12h14"/>`)
	IconTrash       = icon("trash", `<path d="M4.5 6.5h15M9.5 6.5v-2.5h5v2.5M6.5 6.5l1 13.5h9l1-13.5"/>`)
	IconDownload    = icon("download", `<path d="M12 4v11.5"/><path d="M7 11l5 5 5-5"/><path d="M4.5 20h15"/>`)
	IconDemo        = icon("demo", `<path d="M4 5.5h16v11H4z"/><path d="M10.5 8.5l4 2.5-4 2.5zM8.5 20h7"/>`)
	IconKey         = icon("key", `<circle cx="8" cy="15.5" r="4"/><path d="M11 12.5L19.5 4M16 7.5l2.5 2.5"/>`)
	IconBuilding    = icon("building", `<path d="M5 20.5v-16h9v16M14 9.5h5v11M3.5 20.5h17"/><path d="M8 8.5h3M8 12h3M8 15.5h3"/>`)
)

// black stands in an icon's source for the colour it is given by Tint.
const black = "#000000"

func icon(name, body string) fyne.Resource { return drawing(name, "1.8", body) }

func drawing(name, width, body string) fyne.Resource {
	return fyne.NewStaticResource(name+".svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="`+black+`" stroke-width="`+width+`" stroke-linecap="round" stroke-linejoin="round">`+body+`</svg>`))
}

// Tint returns an icon in a colour of the theme in force. Fyne's own recolouring changes fills only,
// and these icons are lines, so a widget asks again when it is refreshed.
func Tint(res fyne.Resource, name fyne.ThemeColorName) fyne.Resource {
	r, g, b, _ := Color(name).RGBA()
	hex := fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
	return fyne.NewStaticResource(hex+"-"+res.Name(), bytes.ReplaceAll(res.Content(), []byte(black), []byte(hex)))
}

// Number is a digit from 1 to 6 in a circle, drawn with lines like the other icons.
func Number(n int) fyne.Resource {
	digits := []string{
		`<path d="M10.5 9.5L12.5 8v8"/>`,
		`<path d="M9.8 10a2.2 2.2 0 1 1 4 1.3L9.8 16h4.6"/>`,
		`<path d="M9.8 8.5h4.2l-2.3 2.8a2.3 2.3 0 1 1-2 3.6"/>`,
		`<path d="M13.2 16V8l-4 5.5h5.6"/>`,
		`<path d="M14 8h-3.5l-.5 3.6c2-1 4.3-.2 4.3 2s-2.8 3-4.6 1.6"/>`,
		`<path d="M13.5 8c-2.6 1.2-4 3.3-4 5.6a2.4 2.4 0 1 0 2.4-2.3c-1.2 0-2 .7-2.3 1.7"/>`,
	}
	body := `<circle cx="12" cy="12" r="9.5"/>`
	if n >= 1 && n <= len(digits) {
		body += digits[n-1]
	}
	return drawing("number-"+string(rune('0'+n)), "1.5", body)
}
