package gui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// The tabs of the receivables.
const (
	tabCustomers = 0
	tabInvoices  = 1
)

// receivablesAt says what the lists shall show.
type receivablesAt struct {
	tab      int
	status   string
	bucket   string
	currency string
	reason   string
	sort     string
	desc     bool
}

// typingPause is how long the search waits for the next letter.
const typingPause = 180 * time.Millisecond

// receivables is the two lists under one search line.
type receivables struct {
	w         *Window
	obj       fyne.CanvasObject
	tabs      *kit.Tabs
	searchBox *kit.Entry
	status    *kit.Select
	bucket    *kit.Select
	reason    *kit.Select
	clear     *kit.Button
	summary   *kit.Text
	place     *kit.Slot
	debounce  *ui.Debounce
	gen       int

	customers *customerTable
	invoices  *invoiceTable
	currency  string // from the chart; only a filter while set
}

func newReceivables(w *Window) *receivables {
	r := &receivables{w: w, debounce: ui.NewDebounce(w.run, typingPause)}
	r.tabs = kit.NewTabs(func(int) { r.filtersForTab(); r.reload() }, lang.L("Customers"), lang.L("Invoices"))
	r.searchBox = kit.NewSearch(lang.L("Search number, name, amount"))
	r.searchBox.OnChanged = func(string) { r.debounce.Call(r.reload) }
	r.searchBox.OnSubmitted = func(string) { r.debounce.Stop(); r.reload(); r.table().Focus() }
	r.searchBox.OnDown = func() { r.table().Focus(); r.table().SelectRow(0) }
	r.searchBox.OnEsc = func() {
		if r.searchBox.Text == "" {
			w.frame.back()
			return
		}
		r.searchBox.SetText("")
	}
	again := func(string) { r.showClear(); r.reload() }
	r.status = kit.NewSelect(lang.L("Status"), nil, again)
	r.bucket = kit.NewSelect(lang.L("Any age"), bucketOptions(), again)
	r.reason = kit.NewSelect(lang.L("Any reason"), reasonOptions(), again)
	r.clear = kit.NewButton(kit.Quiet, lang.L("Clear filters"), r.clearFilters).Compact()
	r.clear.Hide()
	r.summary = kit.Small("").Align(fyne.TextAlignTrailing).Cut()
	r.customers = newCustomerTable(w, r.showError)
	r.invoices = newInvoiceTable(w, 0, r.showError)
	r.customers.table.OnSort = func(string, bool) { r.reload() }
	r.invoices.table.OnSort = func(string, bool) { r.reload() }
	r.place = kit.NewSlot(kit.Waiting(8))
	filters := kit.HStack(theme.Space2, kit.Prefer(250, 130, r.searchBox), kit.Prefer(140, 110, r.status), kit.Prefer(115, 90, r.bucket), kit.Prefer(130, 100, r.reason), r.clear)
	top := kit.VStack(theme.Space2, head(lang.L("Receivables")), kit.HStack(theme.Space4, r.tabs, kit.Flex(r.summary)), filters)
	r.obj = fixedPage(top, kit.NewCardPad(0, r.place.Object()))
	r.filtersForTab()
	return r
}

func bucketOptions() []kit.Option {
	options := []kit.Option{{Code: "", Name: lang.L("Any age")}}
	for b := range ledger.Buckets {
		options = append(options, kit.Option{Code: b.String(), Name: bucketName(b)})
	}
	return options
}

func reasonOptions() []kit.Option {
	options := []kit.Option{{Code: "", Name: lang.L("Any reason")}}
	for _, reason := range reasons {
		options = append(options, kit.Option{Code: string(reason), Name: reasonName(string(reason))})
	}
	return options
}

func (r *receivables) filtersForTab() {
	if r.tabs.Current() == tabInvoices {
		r.status.SetOptions([]kit.Option{{Code: "outstanding", Name: lang.L("Outstanding")}, {Code: core.StatusChasing, Name: lang.L("Chasing")},
			{Code: core.StatusNotChasing, Name: lang.L("Not chasing")}, {Code: core.StatusPaid, Name: lang.L("Paid")}, {Code: "all", Name: lang.L("All invoices")}})
		if r.status.Selected() == "" {
			r.status.SetSelected("outstanding")
		}
		r.bucket.Show()
		r.reason.Show()
	} else {
		r.status.SetOptions([]kit.Option{{Code: "owing", Name: lang.L("Who owe")}, {Code: "all", Name: lang.L("All customers")},
			{Code: "chasing", Name: lang.L("Chased")}, {Code: "stopped", Name: lang.L("Stopped")}})
		if r.status.Selected() == "" || r.status.Selected() == core.StatusChasing {
			r.status.SetSelected("owing")
		}
		r.bucket.Hide()
		r.reason.Hide()
	}
	r.showClear()
	r.obj.Refresh()
}

// showAt sets tab and filters as a link asks for.
func (r *receivables) showAt(at receivablesAt) {
	r.tabs.SetCurrent(at.tab)
	r.status.SetSelected("")
	r.filtersForTab()
	if at.status != "" {
		r.status.SetSelected(at.status)
	}
	r.bucket.SetSelected(at.bucket)
	r.reason.SetSelected(at.reason)
	r.currency = at.currency
	r.searchBox.OnChanged = nil
	r.searchBox.SetText("")
	r.searchBox.OnChanged = func(string) { r.debounce.Call(r.reload) }
	if at.sort != "" {
		r.table().SetSort(at.sort, at.desc)
	}
	r.showClear()
}

func (r *receivables) filtered() bool {
	usual := r.status.Selected() == "outstanding" || r.status.Selected() == "owing"
	if r.tabs.Current() == tabCustomers {
		return !usual
	}
	return !usual || r.bucket.Selected() != "" || r.reason.Selected() != "" || r.currency != ""
}

func (r *receivables) showClear() {
	if r.filtered() {
		r.clear.Show()
	} else {
		r.clear.Hide()
	}
}

func (r *receivables) clearFilters() {
	r.showAt(receivablesAt{tab: r.tabs.Current()})
	r.reload()
}

func (r *receivables) table() *kit.DataTable {
	if r.tabs.Current() == tabInvoices {
		return r.invoices.table
	}
	return r.customers.table
}

func (r *receivables) object() fyne.CanvasObject { return r.obj }

func (r *receivables) search() bool {
	r.w.win.Canvas().Focus(r.searchBox)
	return true
}

// reload asks for the ordered ids of the present filter; the rows follow page by page.
func (r *receivables) reload() {
	stop := r.w.run.After(300*time.Millisecond, func() { r.summary.Set(lang.L("Loading…")) })
	tab := r.tabs.Current()
	var fetch func(context.Context) (core.Listing, error)
	if tab == tabInvoices {
		q := r.invoiceQuery()
		fetch = func(ctx context.Context) (core.Listing, error) { return r.w.deps.Core.Invoices(ctx, q) }
	} else {
		q := r.customerQuery()
		fetch = func(ctx context.Context) (core.Listing, error) { return r.w.deps.Core.Customers(ctx, q) }
	}
	ui.Load(r.w.run, &r.gen, fetch, func(l core.Listing, err error) {
		stop()
		if err != nil {
			r.showError(err)
			return
		}
		r.show(tab, l)
	})
}

func (r *receivables) customerQuery() core.CustomerQuery {
	return core.CustomerQuery{Search: r.searchBox.Text, Status: r.status.Selected(), Sort: r.customers.sort(), Desc: r.customers.desc()}
}

func (r *receivables) invoiceQuery() core.InvoiceQuery {
	return core.InvoiceQuery{Search: r.searchBox.Text, Status: r.status.Selected(), Bucket: r.bucket.Selected(), Reason: r.reason.Selected(),
		Currency: r.currency, Sort: r.invoices.sort(), Desc: r.invoices.desc()}
}

func (r *receivables) show(tab int, l core.Listing) {
	f := r.w.format
	count := f.customers(len(l.IDs))
	if tab == tabInvoices {
		count = f.invoices(len(l.IDs))
	}
	if sums := f.amounts(l.Totals); sums != "" {
		count += " · " + sums
	}
	if l.InBase != nil {
		count += " · " + f.inBrief(*l.InBase, l.InBaseWithout)
	}
	r.summary.Set(count)
	if len(l.IDs) == 0 {
		r.place.Show(r.empty())
		return
	}
	if tab == tabInvoices {
		r.invoices.set(l.IDs)
		r.place.Show(r.invoices.table)
	} else {
		r.customers.set(l.IDs)
		r.place.Show(r.customers.table)
	}
	r.obj.Refresh()
}

func (r *receivables) empty() fyne.CanvasObject {
	switch {
	case r.searchBox.Text != "":
		return kit.Empty(theme.IconSearch, lang.L("Nothing found"), lang.L("No number, name, reference or amount matches “{{.Text}}”.", map[string]any{"Text": r.searchBox.Text}),
			kit.NewButton(kit.Secondary, lang.L("Clear the search"), func() { r.searchBox.SetText("") }))
	case r.filtered():
		return kit.Empty(theme.IconSearch, lang.L("Nothing fits the filters"), lang.L("Take a filter away to see more."),
			kit.NewButton(kit.Secondary, lang.L("Clear filters"), r.clearFilters))
	}
	return kit.Empty(theme.IconCheck, lang.L("Nobody owes you anything"), lang.L("Open invoices appear here after the next sync."),
		kit.NewButton(kit.Secondary, lang.L("Sync now"), r.w.syncNow))
}

// showError shows that the list could not be read.
func (r *receivables) showError(err error) {
	r.place.Show(kit.Failed(trouble(err), r.w.copy, r.reload))
}

// pagedTable is a table whose rows are read page by page as they come into sight.
type pagedTable[V any] struct {
	table *kit.DataTable
	pager *ui.Pager[V]
}

// wire joins the table with its pages; open and menu answer to the row that was chosen.
func (t *pagedTable[V]) wire(row func(int, []kit.Cell) bool, open func(id int64), menu func(V) *fyne.Menu) {
	t.table.Len = t.pager.Len
	t.table.Row = row
	t.table.OnOpen = func(i int) { open(t.pager.ID(i)) }
	t.table.OnMenu = func(i int) *fyne.Menu {
		v, ok := t.pager.At(i)
		if !ok {
			return nil
		}
		return menu(v)
	}
}

func (t *pagedTable[V]) rowsCame()    { t.table.RefreshRows() }
func (t *pagedTable[V]) sort() string { id, _ := t.table.Sort(); return id }
func (t *pagedTable[V]) desc() bool   { _, desc := t.table.Sort(); return desc }

// set shows another list; when it is the same list read again, the owner's place in it is kept.
func (t *pagedTable[V]) set(ids []int64) {
	same := slices.Equal(ids, t.pager.IDs())
	t.pager.Reset(ids)
	if same {
		t.table.RefreshRows()
		return
	}
	t.table.Reset()
}

// customerTable is the table of customers.
type customerTable struct {
	pagedTable[core.CustomerView]
	w *Window
}

func newCustomerTable(w *Window, failed func(error)) *customerTable {
	t := &customerTable{w: w}
	t.table = kit.NewDataTable([]kit.Column{
		{ID: "name", Title: lang.L("Customer"), Width: 150, Grow: 4},
		{ID: "overdue", Title: lang.L("Overdue"), Width: 84, Grow: 0.3, Right: true},
		{ID: "outstanding", Title: lang.L("Outstanding"), Width: 86, Grow: 0.3, Right: true},
		{ID: "oldest", Title: lang.L("Oldest"), Width: 54, Right: true, Spare: 2},
		{Title: lang.L("Schedule"), Width: 70, Grow: 0.5, Spare: 4},
		{ID: "next", Title: lang.L("Next"), Width: 64, Grow: 0.2, Spare: 1},
		{ID: "last", Title: lang.L("Last"), Width: 64, Grow: 0.2, Spare: 3},
		{Title: lang.L("Status"), Width: 100},
		{Width: 22, Dots: true},
	}, w.deps.Now)
	t.pager = ui.NewPager(w.run, w.deps.Core.CustomersByID, func(c core.CustomerView) int64 { return c.AccountID },
		t.rowsCame, failed)
	t.wire(t.row, func(id int64) { w.frame.go_(route{place: placeCustomer, id: id}) }, w.customerMenu)
	t.table.SetSort("overdue", true)
	return t
}

func (t *customerTable) row(i int, cells []kit.Cell) bool {
	c, ok := t.pager.At(i)
	if !ok {
		return false
	}
	f, today := t.w.format, t.w.today()
	cells[0] = kit.Cell{Text: c.Name, Sub: c.Code, Bold: true}
	first, rest := f.firstAndRest(c.Overdue)
	cells[1] = kit.Cell{Text: orDash(first), Sub: rest, Ink: inkIf(first != "", theme.Red, theme.Faint)}
	first, rest = f.firstAndRest(c.Outstanding)
	cells[2] = kit.Cell{Text: orDash(first), Sub: rest, Bold: true, Ink: inkIf(first != "", theme.Text, theme.Faint)}
	cells[3] = ageCell(f, c.OldestAgeDays)
	cells[4] = kit.Cell{Text: scheduleName(c.Schedule), Ink: theme.Muted}
	cells[5] = nextCell(f, c.Next, today)
	cells[6] = lastCell(f, c.Last, today)
	name, tone := customerStatus(c, today)
	cells[7] = kit.Cell{Text: name, Tone: tone, Pill: true}
	return true
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func inkIf(yes bool, a, b fyne.ThemeColorName) fyne.ThemeColorName {
	if yes {
		return a
	}
	return b
}

func ageCell(f format, age *int) kit.Cell {
	switch {
	case age == nil:
		return kit.Cell{Text: "–", Ink: theme.Faint}
	case *age <= 0:
		return kit.Cell{Text: lang.L("not due"), Ink: theme.Muted}
	case *age <= 30:
		return kit.Cell{Text: lang.L("{{.N}} d", map[string]any{"N": f.number(*age)}), Ink: theme.Amber}
	}
	return kit.Cell{Text: lang.L("{{.N}} d", map[string]any{"N": f.number(*age)}), Ink: theme.Red}
}

func scheduleName(s *string) string {
	if s == nil || *s == "" {
		return lang.L("None")
	}
	return *s
}

func nextCell(f format, n *core.NextView, today ledger.Date) kit.Cell {
	if n == nil {
		return kit.Cell{Text: "–", Ink: theme.Faint}
	}
	return kit.Cell{Text: f.short(n.Date, today), Sub: stepNumber(n.Step)}
}

func lastCell(f format, l *core.LastView, today ledger.Date) kit.Cell {
	if l == nil {
		return kit.Cell{Text: "–", Ink: theme.Faint}
	}
	return kit.Cell{Text: f.short(ledger.DateOf(f.local(l.At)), today), Sub: stepNumber(l.Step), Ink: theme.Muted}
}

// stepNumber names a step, where there is one: a customer's invoices may stand at different ones.
func stepNumber(step int) string {
	if step == 0 {
		return ""
	}
	return lang.L("Step {{.N}}", map[string]any{"N": step})
}

// invoiceTable is a table of invoices: of all, or of one customer.
type invoiceTable struct {
	pagedTable[core.InvoiceView]
	w   *Window
	one bool // of one customer: the name is left out
}

func newInvoiceTable(w *Window, customer int64, failed func(error)) *invoiceTable {
	t := &invoiceTable{w: w, one: customer != 0}
	columns := []kit.Column{
		{ID: "number", Title: lang.L("Number"), Width: 70, Grow: 0.3},
		{ID: "customer", Title: lang.L("Customer"), Width: 124, Grow: 4},
		{ID: "issued", Title: lang.L("Issued"), Width: 64, Grow: 0.2, Spare: 5},
		{ID: "due", Title: lang.L("Due"), Width: 64, Grow: 0.2},
		{Title: lang.L("Late"), Width: 44, Right: true, Spare: 1},
		{ID: "outstanding", Title: lang.L("Outstanding"), Width: 84, Grow: 0.2, Right: true},
		{Title: lang.L("Expected"), Width: 56, Grow: 0.2, Spare: 4},
		{ID: "next", Title: lang.L("Next"), Width: 64, Grow: 0.2, Spare: 2},
		{ID: "last", Title: lang.L("Last"), Width: 64, Grow: 0.2, Spare: 3},
		{ID: "status", Title: lang.L("Status"), Width: 108},
		{Width: 18, Dots: true},
	}
	if t.one {
		columns = append(columns[:1:1], columns[2:]...)
	}
	t.table = kit.NewDataTable(columns, w.deps.Now)
	t.pager = ui.NewPager(w.run, w.deps.Core.InvoicesByID, func(v core.InvoiceView) int64 { return v.TransactionID },
		t.rowsCame, failed)
	t.wire(t.row, func(id int64) { w.frame.go_(route{place: placeInvoice, id: id}) }, w.invoiceMenu)
	t.table.SetSort("due", false)
	return t
}

func (t *invoiceTable) row(i int, cells []kit.Cell) bool {
	v, ok := t.pager.At(i)
	if !ok {
		return false
	}
	f, today := t.w.format, t.w.today()
	late := kit.Cell{Text: "–", Ink: theme.Faint}
	if v.AgeDays != nil && *v.AgeDays > 0 && v.Status != core.StatusPaid {
		late = ageCell(f, v.AgeDays)
	}
	outstanding := kit.Cell{Text: f.amount(core.Amount{Currency: v.Currency, Amount: v.Outstanding}), Bold: true}
	if v.Amount != v.Outstanding {
		outstanding.Sub = lang.L("of {{.Amount}}", map[string]any{"Amount": f.amount(core.Amount{Currency: v.Currency, Amount: v.Amount})})
	}
	status, tone := invoiceStatus(v)
	all := []kit.Cell{
		{Text: v.Number, Sub: v.Reference, Bold: true},
		{Text: v.CustomerName, Sub: v.CustomerCode},
		{Text: f.short(v.Issued, today), Ink: theme.Muted},
		{Text: orDash(f.short(v.Due, today))},
		late,
		outstanding,
		{Text: orDash(f.short(v.Expected, today)), Ink: inkIf(v.Expected.IsZero(), theme.Faint, theme.Text)},
		nextCell(f, v.Next, today),
		lastCell(f, v.Last, today),
		{Text: status, Tone: tone, Pill: true},
		{},
	}
	if t.one {
		all = append(all[:1:1], all[2:]...)
	}
	copy(cells, all)
	return true
}

// customerMenu is the menu of the three dots of a customer.
func (w *Window) customerMenu(c core.CustomerView) *fyne.Menu {
	open := menuItem(theme.IconUser, lang.L("Open"), func() { w.frame.go_(route{place: placeCustomer, id: c.AccountID}) })
	edit := menuItem(theme.IconExternal, lang.L("Edit in AccountsIQ"), func() { w.editCustomer(c.AccountID) })
	items := []*fyne.MenuItem{open, edit, fyne.NewMenuItemSeparator()}
	if c.Chasing {
		items = append(items, menuItem(theme.IconClose, lang.L("Stop chasing"), func() { w.stopCustomer(c) }))
	} else {
		items = append(items, menuItem(theme.IconPlay, lang.L("Chase again"), func() { w.resumeCustomer(c) }))
	}
	items = append(items, menuItem(theme.IconPause, lang.L("Hold until…"), func() { w.holdCustomer(c) }))
	if !c.HoldUntil.IsZero() {
		items = append(items, menuItem(theme.IconNext, lang.L("End the hold"), func() {
			w.act(lang.L("The hold is ended"), func(ctx context.Context) error {
				return w.deps.Core.HoldCustomer(ctx, c.AccountID, ledger.Date{})
			})
		}))
	}
	return fyne.NewMenu("", append(items, menuItem(theme.IconNote, lang.L("Add note…"), func() { w.addNote(c) }))...)
}

// menuItem is an entry of a menu with its picture.
func menuItem(icon fyne.Resource, text string, f func()) *fyne.MenuItem {
	item := fyne.NewMenuItem(text, f)
	item.Icon = theme.Tint(icon, theme.Muted)
	return item
}

func (w *Window) editCustomer(id int64) {
	w.openLink(func(ctx context.Context) (core.Link, error) { return w.deps.Core.CustomerLink(ctx, id) })
}

func (w *Window) stopCustomer(c core.CustomerView) {
	w.dialogs.Show(&kit.Dialog{Title: lang.L("Stop chasing {{.Name}}?", map[string]any{"Name": cut(c.Name, 40)}), Danger: true, Confirm: lang.L("Stop chasing"),
		Message: lang.L("No reminder goes to this customer any more, for present and new invoices, until you start again."),
		OnConfirm: func() {
			w.act(lang.L("Chasing stopped for {{.Name}}", map[string]any{"Name": c.Name}), func(ctx context.Context) error { return w.deps.Core.StopCustomer(ctx, c.AccountID) })
		}})
}

func (w *Window) resumeCustomer(c core.CustomerView) {
	w.act(lang.L("{{.Name}} is chased again", map[string]any{"Name": c.Name}), func(ctx context.Context) error { return w.deps.Core.ResumeCustomer(ctx, c.AccountID) })
}

func (w *Window) holdCustomer(c core.CustomerView) {
	w.askDate(lang.L("Hold {{.Name}} until", map[string]any{"Name": cut(c.Name, 40)}), lang.L("No reminder goes through that day. Chasing goes on by itself the day after."), lang.L("Hold"), c.HoldUntil,
		func(d ledger.Date) {
			w.act(lang.L("On hold until {{.Date}}", map[string]any{"Date": w.format.date(d)}), func(ctx context.Context) error { return w.deps.Core.HoldCustomer(ctx, c.AccountID, d) })
		})
}

func (w *Window) addNote(c core.CustomerView) {
	text := kit.NewArea(lang.L("What was said, and when"), 4)
	field := kit.NewField(lang.L("Note"), text, lang.L("Kept in Dunlin; nothing is written to AccountsIQ.")).Require(lang.L("Write something first."))
	w.dialogs.Show(&kit.Dialog{Title: lang.L("Note on {{.Name}}", map[string]any{"Name": cut(c.Name, 40)}), Content: field.Object(), Confirm: lang.L("Save note"), Fields: []*kit.Field{field}, First: text,
		OnConfirm: func() {
			w.act(lang.L("Note saved"), func(ctx context.Context) error { return w.deps.Core.AddNote(ctx, c.AccountID, text.Text) })
		}})
}

// invoiceMenu is the menu of the three dots of an invoice.
func (w *Window) invoiceMenu(v core.InvoiceView) *fyne.Menu {
	items := []*fyne.MenuItem{
		menuItem(theme.IconReceivables, lang.L("Open"), func() { w.frame.go_(route{place: placeInvoice, id: v.TransactionID}) }),
		menuItem(theme.IconExternal, lang.L("View in AccountsIQ"), func() { w.viewInvoice(v.TransactionID) }),
		menuItem(theme.IconUser, lang.L("Open the customer"), func() { w.frame.go_(route{place: placeCustomer, id: v.AccountID}) }),
	}
	if hasPDF(v) {
		items = append(items, menuItem(theme.IconDownload, lang.L("PDF"), func() { w.savePDF(v) }))
	}
	if v.Status == core.StatusPaid {
		return fyne.NewMenu("", items...)
	}
	items = append(items, fyne.NewMenuItemSeparator(), menuItem(theme.IconCalendar, lang.L("Expected date…"), func() { w.askExpected(v) }),
		menuItem(theme.IconPause, lang.L("Hold until…"), func() { w.holdInvoice(v) }))
	if v.Disputed {
		items = append(items, menuItem(theme.IconCheck, lang.L("End the dispute"), func() { w.setDisputed(v, false) }))
	} else {
		items = append(items, menuItem(theme.IconWarning, lang.L("Mark as disputed"), func() { w.setDisputed(v, true) }))
	}
	if v.Stopped {
		return fyne.NewMenu("", append(items, menuItem(theme.IconPlay, lang.L("Chase again"), func() { w.resumeInvoice(v) }))...)
	}
	return fyne.NewMenu("", append(items, menuItem(theme.IconClose, lang.L("Stop chasing"), func() { w.stopInvoice(v) }))...)
}

func (w *Window) viewInvoice(id int64) {
	w.openLink(func(ctx context.Context) (core.Link, error) { return w.deps.Core.InvoiceLink(ctx, id) })
}

func (w *Window) stopInvoice(v core.InvoiceView) {
	w.dialogs.Show(&kit.Dialog{Title: lang.L("Stop chasing invoice {{.Number}}?", map[string]any{"Number": v.Number}), Danger: true, Confirm: lang.L("Stop chasing"),
		Message: lang.L("The customer's other invoices are chased as before."),
		OnConfirm: func() {
			w.act(lang.L("Chasing stopped for {{.Name}}", map[string]any{"Name": v.Number}), func(ctx context.Context) error { return w.deps.Core.StopInvoice(ctx, v.TransactionID) })
		}})
}

func (w *Window) resumeInvoice(v core.InvoiceView) {
	w.act(lang.L("{{.Name}} is chased again", map[string]any{"Name": v.Number}), func(ctx context.Context) error { return w.deps.Core.ResumeInvoice(ctx, v.TransactionID) })
}

func (w *Window) holdInvoice(v core.InvoiceView) {
	w.askDate(lang.L("Hold {{.Name}} until", map[string]any{"Name": v.Number}), lang.L("No reminder goes through that day. Chasing goes on by itself the day after."), lang.L("Hold"), ledger.Date{},
		func(d ledger.Date) {
			w.act(lang.L("On hold until {{.Date}}", map[string]any{"Date": w.format.date(d)}), func(ctx context.Context) error { return w.deps.Core.HoldInvoice(ctx, v.TransactionID, d) })
		})
}

func (w *Window) setDisputed(v core.InvoiceView, on bool) {
	done := lang.L("{{.Number}} is in dispute", map[string]any{"Number": v.Number})
	if !on {
		done = lang.L("The dispute about {{.Number}} is settled", map[string]any{"Number": v.Number})
	}
	w.act(done, func(ctx context.Context) error { return w.deps.Core.SetDisputed(ctx, v.TransactionID, on) })
}

// askExpected asks when the customer said to pay; an empty field takes the date away.
func (w *Window) askExpected(v core.InvoiceView) {
	date := kit.NewDateField(w.deps.Now)
	date.SetDate(v.Expected)
	field := kit.NewField(lang.L("Expected payment date"), date.Entry, lang.L("No reminder goes through that day. Leave it empty to take the date away."))
	field.Check = func() string {
		if _, ok := date.Date(); !ok && date.Text != "" {
			return lang.L("This is not a date. Type it as YYYY-MM-DD or choose it from the calendar.")
		}
		return ""
	}
	w.dialogs.Show(&kit.Dialog{Title: lang.L("When will {{.Number}} be paid?", map[string]any{"Number": v.Number}), Content: field.Object(), Confirm: lang.L("Save"), Fields: []*kit.Field{field}, First: date.Entry,
		OnConfirm: func() {
			d, _ := date.Date()
			w.act(lang.L("Saved"), func(ctx context.Context) error { return w.deps.Core.SetExpected(ctx, v.TransactionID, d) })
		}})
}
