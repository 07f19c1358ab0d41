// Package theme is the look of Dunlin: colours for light and dark, the type scale, the 4-pixel spacing
// grid and the icons. It may import Fyne and nothing of ours.
package theme

import (
	"image/color"
	"runtime"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Colours beyond Fyne's own names. They exist in light and dark.
const (
	Surface     fyne.ThemeColorName = "dunlinSurface"     // cards
	SurfaceAlt  fyne.ThemeColorName = "dunlinSurfaceAlt"  // headers of tables, quiet boxes on cards
	Border      fyne.ThemeColorName = "dunlinBorder"      // hairlines
	BorderHard  fyne.ThemeColorName = "dunlinBorderHard"  // edges of controls
	Text        fyne.ThemeColorName = "foreground"        // the same as Fyne's
	Muted       fyne.ThemeColorName = "dunlinMuted"       // secondary text
	Faint       fyne.ThemeColorName = "dunlinFaint"       // placeholders, disabled
	Brand       fyne.ThemeColorName = "primary"           // the same as Fyne's
	BrandHover  fyne.ThemeColorName = "dunlinBrandHover"  //
	BrandSoft   fyne.ThemeColorName = "dunlinBrandSoft"   // backgrounds of brand pills
	BrandText   fyne.ThemeColorName = "dunlinBrandText"   // brand-coloured text on a surface
	Amber       fyne.ThemeColorName = "dunlinAmber"       // soon, attention
	AmberSoft   fyne.ThemeColorName = "dunlinAmberSoft"   //
	Red         fyne.ThemeColorName = "dunlinRed"         // overdue, failed
	RedSoft     fyne.ThemeColorName = "dunlinRedSoft"     //
	Green       fyne.ThemeColorName = "dunlinGreen"       // paid, accepted
	GreenSoft   fyne.ThemeColorName = "dunlinGreenSoft"   //
	Blue        fyne.ThemeColorName = "dunlinBlue"        // waiting, information
	BlueSoft    fyne.ThemeColorName = "dunlinBlueSoft"    //
	GreySoft    fyne.ThemeColorName = "dunlinGreySoft"    // neutral pills, hovered rows
	Sidebar     fyne.ThemeColorName = "dunlinSidebar"     //
	SidebarOn   fyne.ThemeColorName = "dunlinSidebarOn"   // the current entry
	SidebarOver fyne.ThemeColorName = "dunlinSidebarOver" // a hovered entry
	SidebarText fyne.ThemeColorName = "dunlinSidebarText" //
	OnSidebar   fyne.ThemeColorName = "dunlinOnSidebar"   // text of the current entry
	Bucket0     fyne.ThemeColorName = "dunlinBucket0"     // ageing buckets, young to old
	Bucket1     fyne.ThemeColorName = "dunlinBucket1"
	Bucket2     fyne.ThemeColorName = "dunlinBucket2"
	Bucket3     fyne.ThemeColorName = "dunlinBucket3"
	Bucket4     fyne.ThemeColorName = "dunlinBucket4"
	Bucket5     fyne.ThemeColorName = "dunlinBucket5"
)

// The type scale, in Fyne's units.
const (
	SizeTitle   float32 = 22 // of a screen
	SizeHeading float32 = 15 // of a card
	SizeBody    float32 = 13
	SizeSmall   float32 = 12
	SizeCaption float32 = 11
)

// The spacing grid.
const (
	Space1 float32 = 4
	Space2 float32 = 8
	Space3 float32 = 12
	Space4 float32 = 16
	Space5 float32 = 20
	Space6 float32 = 24
	Space8 float32 = 32
)

// Radius rounds cards, controls and pills.
const (
	RadiusCard    float32 = 12
	RadiusControl float32 = 8
)

// Mode says where light or dark comes from.
type Mode int

// The modes.
const (
	System Mode = iota
	Light
	Dark
)

// Theme implements fyne.Theme.
type Theme struct{ mode Mode }

// New returns the theme. System follows the computer's setting on Windows and macOS; elsewhere Fyne takes
// a desktop that says nothing for a dark one, and it is light.
func New(mode Mode) *Theme { return &Theme{mode} }

var _ fyne.Theme = (*Theme)(nil)

// Color implements fyne.Theme.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	dark := t.mode == Dark
	if t.mode == System && (runtime.GOOS == "windows" || runtime.GOOS == "darwin") {
		dark = variant == fynetheme.VariantDark
	}
	pair, ok := palette[name]
	if !ok {
		v := fynetheme.VariantLight
		if dark {
			v = fynetheme.VariantDark
		}
		return fynetheme.DefaultTheme().Color(name, v)
	}
	if dark {
		return rgba(pair.dark)
	}
	return rgba(pair.light)
}

// Font implements fyne.Theme.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource { return fynetheme.DefaultTheme().Font(style) }

// Icon implements fyne.Theme.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case fynetheme.SizeNameText:
		return SizeBody
	case fynetheme.SizeNameHeadingText:
		return SizeTitle
	case fynetheme.SizeNameSubHeadingText:
		return SizeHeading
	case fynetheme.SizeNameCaptionText:
		return SizeCaption
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameButtonRadius, fynetheme.SizeNameMenuRadius,
		fynetheme.SizeNamePopupRadius:
		return RadiusControl
	case fynetheme.SizeNameCardRadius, fynetheme.SizeNameDialogRadius:
		return RadiusCard
	case fynetheme.SizeNameSelectionRadius:
		return 0
	case fynetheme.SizeNameInnerPadding:
		return 9
	case fynetheme.SizeNameScrollBar:
		return 10
	case fynetheme.SizeNameInlineIcon:
		return 18
	case fynetheme.SizeNameModalBlurRadius:
		return 0
	}
	return fynetheme.DefaultTheme().Size(name)
}

// Color returns a colour of the theme in force.
func Color(name fyne.ThemeColorName) color.Color { return fynetheme.Color(name) }

// Bucket returns the colour of an ageing bucket, 0 the youngest.
func Bucket(i int) fyne.ThemeColorName {
	names := []fyne.ThemeColorName{Bucket0, Bucket1, Bucket2, Bucket3, Bucket4, Bucket5}
	if i < 0 || i >= len(names) {
		return Muted
	}
	return names[i]
}

type pair struct{ light, dark uint32 } // 0xRRGGBBAA

func rgba(v uint32) color.Color {
	return color.NRGBA{R: uint8(v >> 24), G: uint8(v >> 16), B: uint8(v >> 8), A: uint8(v)}
}

var palette = map[fyne.ThemeColorName]pair{
	fynetheme.ColorNameBackground:          {0xF3F6F6FF, 0x0E1515FF},
	fynetheme.ColorNameForeground:          {0x13211FFF, 0xE6EEEDFF},
	fynetheme.ColorNamePrimary:             {0x0F6667FF, 0x4CC2B8FF},
	fynetheme.ColorNameForegroundOnPrimary: {0xFFFFFFFF, 0x06211FFF},
	fynetheme.ColorNameHyperlink:           {0x0F6667FF, 0x5CCFC5FF},
	fynetheme.ColorNameFocus:               {0x0F666740, 0x4CC2B855},
	fynetheme.ColorNameSelection:           {0xEAF5F4FF, 0x18302FFF},
	fynetheme.ColorNameHover:               {0xF4F8F7FF, 0x1B2727FF},
	fynetheme.ColorNamePressed:             {0x0F66671F, 0x4CC2B82A},
	fynetheme.ColorNameButton:              {0xECF1F0FF, 0x223030FF},
	fynetheme.ColorNameDisabledButton:      {0xECF1F0FF, 0x1C2727FF},
	fynetheme.ColorNameDisabled:            {0x9AA8A6FF, 0x647674FF},
	fynetheme.ColorNamePlaceHolder:         {0x8A9997FF, 0x738684FF},
	fynetheme.ColorNameInputBackground:     {0xFFFFFFFF, 0x121A1AFF},
	fynetheme.ColorNameInputBorder:         {0xB3C0BEFF, 0x3A4A49FF},
	fynetheme.ColorNameMenuBackground:      {0xFFFFFFFF, 0x1D2929FF},
	fynetheme.ColorNameOverlayBackground:   {0xFFFFFFFF, 0x182222FF},
	fynetheme.ColorNameHeaderBackground:    {0xF8FAFAFF, 0x1A2525FF},
	fynetheme.ColorNameSeparator:           {0xE6EBEAFF, 0x263332FF},
	fynetheme.ColorNameShadow:              {0x13212138, 0x00000080},
	fynetheme.ColorNameScrollBar:           {0x13212140, 0xE6EEED40},
	fynetheme.ColorNameScrollBarBackground: {0x00000000, 0x00000000},
	fynetheme.ColorNameError:               {0xB3261EFF, 0xF0857CFF},
	fynetheme.ColorNameForegroundOnError:   {0xFFFFFFFF, 0x33100CFF},
	fynetheme.ColorNameSuccess:             {0x1C7A4AFF, 0x6CCB95FF},
	fynetheme.ColorNameForegroundOnSuccess: {0xFFFFFFFF, 0x08251AFF},
	fynetheme.ColorNameWarning:             {0x9A5B00FF, 0xF0B357FF},
	fynetheme.ColorNameForegroundOnWarning: {0xFFFFFFFF, 0x2B1C00FF},

	Surface:     {0xFFFFFFFF, 0x161F1FFF},
	SurfaceAlt:  {0xF7F9F9FF, 0x1B2626FF},
	Border:      {0xE3E9E8FF, 0x273534FF},
	BorderHard:  {0xC3CECDFF, 0x3A4A49FF},
	Muted:       {0x566664FF, 0x9FB1AFFF},
	Faint:       {0x84938FFF, 0x768987FF},
	BrandHover:  {0x0B5253FF, 0x6AD3CAFF},
	BrandSoft:   {0xE0F0EFFF, 0x163534FF},
	BrandText:   {0x0F6667FF, 0x5CCFC5FF},
	Amber:       {0x8F5400FF, 0xF0B760FF},
	AmberSoft:   {0xFCF0D9FF, 0x38290FFF},
	Red:         {0xB3261EFF, 0xF58F86FF},
	RedSoft:     {0xFBE7E5FF, 0x401D1AFF},
	Green:       {0x1A6E43FF, 0x74D09CFF},
	GreenSoft:   {0xE1F3E9FF, 0x14331FFF},
	Blue:        {0x2F5597FF, 0x92B7F2FF},
	BlueSoft:    {0xE6EDF8FF, 0x1B2B45FF},
	GreySoft:    {0xEDF1F1FF, 0x243131FF},
	Sidebar:     {0x0E3F40FF, 0x0A1F1FFF},
	SidebarOn:   {0x1B5C5CFF, 0x173A39FF},
	SidebarOver: {0x144C4DFF, 0x102B2BFF},
	SidebarText: {0xB8D3D1FF, 0x9DB8B6FF},
	OnSidebar:   {0xFFFFFFFF, 0xF2FAF9FF},
	Bucket0:     {0x2F9C94FF, 0x3FA69EFF},
	Bucket1:     {0xE2AE45FF, 0xDDAA45FF},
	Bucket2:     {0xE08C3FFF, 0xDD8A42FF},
	Bucket3:     {0xD46A3AFF, 0xD56E42FF},
	Bucket4:     {0xC14A33FF, 0xCB5641FF},
	Bucket5:     {0x98261FFF, 0xB4423AFF},
}
