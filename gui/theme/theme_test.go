package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestAllColoursAreThere(t *testing.T) {
	test.AssertAllColorNamesDefined(t, New(Light), "light")
	test.AssertAllColorNamesDefined(t, New(Dark), "dark")
}

// luminance is the relative luminance of WCAG 2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		x := float64(v) / 0xFFFF
		if x <= 0.03928 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// TestTextCanBeRead asks for the contrast of WCAG AA, 4.5 to 1, wherever words stand on a ground.
func TestTextCanBeRead(t *testing.T) {
	pairs := [][2]fyne.ThemeColorName{{Text, Surface}, {Text, "background"}, {Text, SurfaceAlt}, {Text, "selection"}, {Muted, Surface}, {Muted, "background"}, {Muted, SurfaceAlt}, {Muted, GreySoft}, {Muted, "selection"},
		{BrandText, Surface}, {BrandText, BrandSoft}, {BrandText, "background"}, {Amber, AmberSoft}, {Amber, Surface}, {Red, RedSoft}, {Red, Surface}, {Red, "selection"}, {Green, GreenSoft}, {Green, Surface}, {Blue, BlueSoft},
		{SidebarText, Sidebar}, {OnSidebar, SidebarOn}, {"foregroundOnPrimary", Brand}, {"foregroundOnPrimary", BrandHover}}
	for _, mode := range []Mode{Light, Dark} {
		th := New(mode)
		for _, p := range pairs {
			if got := contrast(th.Color(p[0], 0), th.Color(p[1], 0)); got < 4.5 {
				t.Errorf("mode %d: %s on %s has a contrast of %.2f", mode, p[0], p[1], got)
			}
		}
	}
}

func TestTintFollowsTheTheme(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(New(Light))
	light := Tint(IconHome, Brand)
	app.Settings().SetTheme(New(Dark))
	if dark := Tint(IconHome, Brand); dark.Name() == light.Name() || string(dark.Content()) == string(light.Content()) {
		t.Error("the icon has the same colour in light and dark")
	}
}
