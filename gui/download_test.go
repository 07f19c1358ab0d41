package gui

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// atInvoice is the page of an invoice, in a window that saves into a folder of its own.
func atInvoice(t *testing.T, c *fakecore.Core) (b *bench, folder string) {
	b = open(t, c, theme.Light)
	folder = filepath.Join(t.TempDir(), "Downloads")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	b.w.deps.Downloads = func() (string, error) { return folder, nil }
	b.go_(route{place: placeInvoice, id: 50002})
	return b, folder
}

func filesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

func TestTheCopyOfAnInvoiceIsSavedAndOpened(t *testing.T) {
	b, folder := atInvoice(t, fakecore.New(48, 260))
	test.Tap(b.button("PDF")) // the answer waits in the queue
	if !b.button("Fetching…").Disabled() || b.w.snack.String() != "Fetching invoice 10402 from AccountsIQ…" {
		t.Errorf("on the way it says %q", b.w.snack)
	}
	b.w.savePDF(b.core.Invs[2]) // from the menu of the row, too
	b.flush()
	if n := strings.Count(strings.Join(b.core.Calls, "\n"), "InvoicePDF"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if got := filesIn(t, folder); !slices.Equal(got, []string{"Invoice 10402.pdf"}) {
		t.Errorf("the folder has %q", got)
	}
	if body, err := os.ReadFile(filepath.Join(folder, "Invoice 10402.pdf")); err != nil || !strings.HasPrefix(string(body), "%PDF-") {
		t.Errorf("saved %q, %v", body, err)
	}
	if b.w.snack.String() != "Saved Invoice 10402.pdf in Downloads" || b.button("PDF").Disabled() {
		t.Errorf("it says %q", b.w.snack)
	}
	b.press("Open")
	if want := []string{fileURL(filepath.Join(folder, "Invoice 10402.pdf"))}; !slices.Equal(b.opened, want) || b.w.snack.String() != "" {
		t.Errorf("opened %q, want %q; it says %q", b.opened, want, b.w.snack)
	}
	// A second and a third one overwrite nothing.
	b.press("PDF")
	b.press("PDF")
	if got := filesIn(t, folder); !slices.Equal(got, []string{"Invoice 10402 (2).pdf", "Invoice 10402 (3).pdf", "Invoice 10402.pdf"}) {
		t.Errorf("the folder has %q", got)
	}
	// The offer goes by itself, and the next sentence has none.
	b.pass(11 * time.Second)
	if b.w.snack.String() != "" {
		t.Errorf("it still says %q", b.w.snack)
	}
	b.w.copy("x")
	b.flush()
	for _, o := range b.all() {
		if x, ok := o.(*kit.Button); ok && x.Visible() && x.Text == "Open" {
			t.Error("another sentence offers to open the file")
		}
	}
}

func TestACopyThatCannotBeHad(t *testing.T) {
	c := fakecore.New(48, 260)
	c.Fail["InvoicePDF"] = &core.Problem{Code: "pdf", Message: "AccountsIQ has no copy of this invoice.", Hint: "Open it in AccountsIQ."}
	b, folder := atInvoice(t, c)
	b.press("PDF")
	b.mustSee("That did not work", "AccountsIQ has no copy of this invoice.", "Open it in AccountsIQ.")
	if b.w.snack.String() != "" || b.button("PDF").Disabled() || len(filesIn(t, folder)) > 0 {
		t.Errorf("afterwards it says %q", b.w.snack)
	}
}

func TestACopyThatCannotBeSaved(t *testing.T) {
	b, folder := atInvoice(t, fakecore.New(48, 260))
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	b.press("PDF")
	b.mustSee("Invoice 10402.pdf could not be saved: ", "Make room or allow writing there, then try again.")
	b.key("Escape")
	b.w.deps.Downloads = func() (string, error) { return "", errors.New("there is no home") }
	b.press("PDF")
	b.mustSee("Invoice 10402.pdf could not be saved: there is no home.")
}

func TestAFileThatCannotBeOpened(t *testing.T) {
	b, folder := atInvoice(t, fakecore.New(48, 260))
	b.w.deps.Open = func(string) error { return errors.New("no desktop") }
	b.press("PDF")
	b.press("Open")
	b.mustSee("The file could not be opened.", "Open "+filepath.Join(folder, "Invoice 10402.pdf")+" by hand.")
}

func TestAJournalOffersNoCopy(t *testing.T) {
	c := fakecore.New(48, 260)
	c.Invs[2].Type = string(ledger.SalesDebitJournal)
	b, _ := atInvoice(t, c)
	for _, o := range b.all() {
		if x, ok := o.(*kit.Button); ok && x.Visible() && x.Text == "PDF" {
			t.Error("there is a button")
		}
	}
	has := func(v core.InvoiceView) bool {
		for _, i := range b.w.invoiceMenu(v).Items {
			if i.Label == "PDF" {
				return true
			}
		}
		return false
	}
	if has(c.Invs[2]) || !has(c.Invs[3]) || !has(c.Invs[7]) {
		t.Error("the menus are wrong")
	}
}

func TestSavingNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	for n, want := range []string{"a.b.pdf", "a.b (2).pdf", "a.b (3).pdf"} {
		path, err := saveNew(dir, "a.b.pdf", []byte{byte(n)})
		if err != nil || path != filepath.Join(dir, want) {
			t.Errorf("%s, %v; want %s", path, err, want)
		}
	}
	if body, err := os.ReadFile(filepath.Join(dir, "a.b.pdf")); err != nil || body[0] != 0 {
		t.Errorf("the first became %v, %v", body, err)
	}
	// A link that leads nowhere is a name that is taken.
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "x.pdf")); err != nil {
		t.Skip("no links here")
	}
	if path, err := saveNew(dir, "x.pdf", nil); err != nil || filepath.Base(path) != "x (2).pdf" {
		t.Errorf("%s, %v", path, err)
	}
}

func TestTheDownloadsFolder(t *testing.T) {
	home := t.TempDir()
	want := func(userDirs, dir string) {
		t.Helper()
		if got := downloadsIn(home, userDirs); got != filepath.Join(home, dir) {
			t.Errorf("%q, want %q", got, dir)
		}
	}
	make := func(dir string) {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	named := "# comment\nXDG_DESKTOP_DIR=\"$HOME/Bureau\"\nXDG_DOWNLOAD_DIR=\"$HOME/Téléchargements\"\n"
	want("", "")
	want(named, "")
	make("Documents")
	want(named, "Documents")
	make("Downloads")
	want("", "Downloads")
	want(named, "Downloads")
	make("Téléchargements")
	want(named, "Téléchargements")
	make("abs")
	want("XDG_DOWNLOAD_DIR=\""+filepath.Join(home, "abs")+"\"\r\n", "abs")
	want("XDG_DOWNLOAD_DIR=\"$HOME/\"\n", "") // a home that wants no folder for them
	want("XDG_DOWNLOAD_DIR=relative\n", "Downloads")
}

func TestFileAddresses(t *testing.T) {
	for path, want := range map[string]string{"/data/Down loads/Invoice 1#2?.pdf": "file:///data/Down%20loads/Invoice%201%232%3F.pdf", "C:/data/a.pdf": "file:///C:/data/a.pdf"} {
		if got := fileURL(path); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAMissingInvoiceSaysSo(t *testing.T) {
	const words = "AccountsIQ did not answer with this invoice at the last sync."
	c := fakecore.New(48, 260)
	c.Missing = map[int64]bool{50003: true}
	b := open(t, c, theme.Light)
	b.go_(route{place: placeInvoice, id: 50002})
	if b.sees(words) {
		t.Error("an invoice that is there says so")
	}
	b.go_(route{place: placeInvoice, id: 50003})
	b.mustSee(words)
}

func TestAboutInAll(t *testing.T) {
	c := fakecore.New(48, 260)
	b := open(t, c, theme.Light)
	if b.sees("in all") {
		t.Error("there is a total that the core did not give")
	}
	c.State.InBase, c.State.InBaseWithout = &core.Amount{Currency: "EUR", Amount: "612345.67"}, []string{"USD", "XAF"}
	b.w.reload()
	b.flush()
	b.mustSee("About €612,345.67 in all, at AccountsIQ's rates, without USD, XAF: no rate")
	b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices}})
	b.mustSee("about €612,345.67 in all, without USD, XAF: no rate")
	b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices, currency: "GBP"}})
	if b.sees("in all") {
		t.Error("a single currency has such a total")
	}
}

func TestWriteBackThatSwitchedItselfOffIsSeenAtItsSwitch(t *testing.T) {
	c := fakecore.New(48, 260)
	p := core.Problem{Code: "notes_not_allowed", Message: "AccountsIQ does not let this connection write notes; notes were switched off.", Hint: "Ask your AccountsIQ administrator."}
	c.State.Health = []core.Problem{p}
	b := open(t, c, theme.Light)
	b.mustSee(p.Message, p.Hint)
	b.go_(route{place: placeSettings, tab: tabChasing})
	if c.Did("SeenWriteBackOff") {
		t.Fatal("another tab was enough")
	}
	b.press("Open settings")
	b.mustDo("SeenWriteBackOff")
	if s := b.w.frame.current.(*settingsScreen); s.tab != tabConnection || len(c.State.Health) > 0 || len(b.w.over.Health) > 0 {
		t.Errorf("on the tab %s with %v", s.tab, b.w.over.Health)
	}
	b.w.frame.reloadScreen() // as news do
	b.flush()
	b.mustSee(p.Message, p.Hint)
	b.go_(route{place: placeHome})
	b.go_(route{place: placeSettings})
	if s := b.w.frame.current.(*settingsScreen); s.tab != tabConnection || len(s.writeBackOff()) > 0 || b.w.frame.bannerO.Visible() {
		t.Error("it is still there")
	}
}

func TestLayoutsOfCopies(t *testing.T) {
	at := func(c *fakecore.Core) (*bench, *settingsScreen) {
		b := open(t, c, theme.Light)
		b.go_(route{place: placeSettings, tab: tabChasing})
		return b, b.w.frame.current.(*settingsScreen)
	}
	set := func(c *fakecore.Core, value string) {
		for i := range c.Sets {
			if c.Sets[i].Key == "pdf.style" {
				c.Sets[i].Value = value
			}
		}
	}
	field := func(b *bench) (sel *kit.Select) {
		for _, o := range b.all() {
			if x, ok := o.(*kit.Select); ok && x.Visible() {
				sel = x
			}
		}
		return sel
	}
	c := fakecore.New(12, 60)
	c.Styles = []string{"Standard", "With logo"}
	set(c, "Of old")
	b, s := at(c)
	sel := field(b)
	if sel == nil || sel.AccessibilityLabel() != "Of old" {
		t.Fatal("the layout that is set is not to be chosen")
	}
	sel.Choose("With logo")
	b.flush()
	b.mustDo("SetSetting pdf.style With logo")
	asked := func() int { return strings.Count(strings.Join(c.Calls, "\n"), "ReportStyles") }
	s.reload()
	b.flush()
	if asked() != 1 {
		t.Errorf("asked %d times on one visit", asked())
	}
	b.go_(route{place: placeSettings, tab: tabChasing})
	if asked() != 2 {
		t.Errorf("asked %d times on two visits", asked())
	}
	// When AccountsIQ does not say which there are, a name can be typed.
	c = fakecore.New(12, 60)
	c.Fail["ReportStyles"] = &core.Problem{Code: "network", Message: "There is no connection to AccountsIQ.", Hint: "Try again."}
	set(c, "Of old")
	b, _ = at(c)
	if b.sees("There is no connection") {
		t.Error("the owner is bothered with it")
	}
	var e *kit.Entry
	for _, o := range b.all() {
		if x, ok := o.(*kit.Entry); ok && x.Text == "Of old" {
			e = x
		}
	}
	if e == nil {
		t.Fatal("there is nothing to type in")
	}
	e.SetText("Standard")
	e.OnSubmitted(e.Text)
	b.flush()
	b.mustDo("SetSetting pdf.style Standard")
}

func TestTheKindOfBalances(t *testing.T) {
	c := fakecore.New(48, 260)
	c.Events[0].Kind, c.Events[0].Text = "balance", "AccountsIQ says that Ardmore Joinery Ltd owes 10.00 EUR."
	b := open(t, c, theme.Light)
	b.go_(route{place: placeActivity})
	b.mustSee("Balances")
	a := b.w.frame.current.(*activity)
	a.kind.Choose("Balances")
	b.flush()
	if len(a.rows) != 1 || a.rows[0].Kind != "balance" {
		t.Errorf("the filter leaves %v", a.rows)
	}
}
