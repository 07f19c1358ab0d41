package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"dunlin/core"
	"dunlin/core/chase"
	"dunlin/core/ledger"
)

func (c *call) sync() error {
	var full bool
	if _, err := c.flags(0, func(fs *flag.FlagSet) { fs.BoolVar(&full, "full", false, "") }); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		v, err := a.Sync(c.ctx, full)
		if err != nil {
			return err
		}
		return c.show(v, func(w io.Writer) { printSync(w, v) })
	})
}

func printSync(w io.Writer, v core.SyncView) {
	fmt.Fprintf(w, "Synced in %s with %d requests.\n", v.Finished.Sub(v.Started).Round(time.Millisecond), v.Requests)
	for _, row := range []struct {
		name string
		n    core.Counts
	}{{"customers", v.Customers}, {"contacts", v.Contacts}, {"transactions", v.Transactions}, {"allocations", v.Allocations}} {
		fmt.Fprintf(w, "  %-13s %d new, %d changed, %d gone\n", row.name, row.n.New, row.n.Changed, row.n.Gone)
	}
	printDifferences(w, v)
}

// printDifferences names the customers whose balance is not the sum of what is here, with both figures.
func printDifferences(w io.Writer, v core.SyncView) {
	if len(v.Differences) == 0 {
		return
	}
	customers := map[string]bool{}
	for _, d := range v.Differences {
		customers[d.CustomerCode] = true
	}
	fmt.Fprintf(w, "The balance of %s differs; reminders to them wait until the two agree:\n", core.Plural(len(customers), "customer"))
	for _, d := range v.Differences {
		fmt.Fprintf(w, "  %s (%s): AccountsIQ says %s %s, the open items here add up to %s %s\n", d.CustomerName, d.CustomerCode,
			d.Reported, d.Reported.Currency, d.Ours, d.Ours.Currency)
	}
	fmt.Fprintln(w, "\"dunlin sync\" compares again; if it stays, \"dunlin sync --full\" reads everything anew.")
}

func (c *call) plan() error {
	var at, file string
	var days int
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		fs.StringVar(&at, "at", "", "")
		fs.StringVar(&file, "case", "", "")
		fs.IntVar(&days, "days", 0, "")
	})
	if err != nil {
		return err
	}
	if days < 0 || days > 366 {
		return usage("--days is a number from 1 to 366")
	}
	when := c.Now()
	if at != "" {
		if when, err = time.Parse(time.RFC3339, at); err != nil {
			return usage("--at needs an instant such as 2026-05-12T10:00:00+01:00, not %q", at)
		}
	}
	if file != "" {
		return c.planCase(file, days)
	}
	return c.with(func(a *core.App) error {
		res, err := a.Plan(c.ctx, when)
		if err != nil {
			return err
		}
		part, err := a.Unread(c.ctx)
		if err != nil {
			return err
		}
		if part != nil {
			fmt.Fprintf(c.Stderr, "dunlin: %s %s\n", part.Message, part.Hint)
		}
		if days > 0 {
			runs, err := a.Ahead(c.ctx, when, days)
			if err != nil {
				return err
			}
			return c.showAhead(res, runs)
		}
		return c.show(res, func(w io.Writer) { printPlan(w, res) })
	})
}

// planCase plans a case file alone: no data folder, no network.
func (c *call) planCase(file string, days int) error {
	f, err := c.ReadFile(file)
	if err != nil {
		return noFile(file, err)
	}
	defer f.Close()
	in, err := chase.DecodeCase(f)
	if err != nil {
		return &core.Problem{Code: "bad_case", Message: "The case file was not taken: " + strings.TrimSuffix(err.Error(), ".") + ".", Hint: "Mend the file and try again."}
	}
	res := chase.Plan(in)
	if days > 0 {
		return c.showAhead(res, chase.Ahead(in, days))
	}
	return c.show(res, func(w io.Writer) { printPlan(w, res) })
}

// showAhead shows the plan of the moment with the runs of the days to come.
func (c *call) showAhead(res chase.Result, runs []chase.Run) error {
	body, err := json.Marshal(res)
	if err != nil {
		return err
	}
	all := map[string]any{}
	if err := json.Unmarshal(body, &all); err != nil {
		return err
	}
	all["runs"] = append([]chase.Run{}, runs...)
	return c.show(all, func(w io.Writer) {
		if len(runs) == 0 {
			fmt.Fprintln(w, "Nothing would go in that time.")
		}
		for _, r := range runs {
			fmt.Fprintf(w, "%s: %s\n", r.At.Format("Monday 2 January 2006 15:04"), core.Plural(len(r.Messages), "message"))
			for _, m := range r.Messages {
				printMessage(w, m)
			}
		}
	})
}

func printPlan(w io.Writer, res chase.Result) {
	if res.Refused != "" {
		fmt.Fprintln(w, "Nothing can go: the clock is behind the last run.")
	}
	fmt.Fprintf(w, "%s would go at %s.\n", core.Plural(len(res.Messages), "message"), res.Now.Format("Monday 2 January 2006 15:04 MST"))
	for _, m := range res.Messages {
		printMessage(w, m)
	}
	held := map[string]int{}
	for _, i := range res.Invoices {
		if i.Held != nil {
			held[i.Held.Text]++
		}
	}
	if len(held) > 0 {
		fmt.Fprintln(w, "Held back:")
		for _, text := range slices.Sorted(maps.Keys(held)) {
			fmt.Fprintf(w, "  %4d  %s\n", held[text], text)
		}
	}
	if !res.NextSlot.IsZero() {
		fmt.Fprintf(w, "The next chase is on %s.\n", res.NextSlot.Format("Monday 2 January 2006 15:04 MST"))
	}
}

func printMessage(w io.Writer, m chase.Message) {
	var totals []string
	for _, t := range m.Totals {
		totals = append(totals, t.String()+" "+t.Currency)
	}
	var numbers []string
	for _, l := range m.Invoices {
		numbers = append(numbers, l.Number)
	}
	fmt.Fprintf(w, "  %-10s %-10s step %d  to %s  %s  (%s)\n", m.Customer, m.Kind, m.Step, strings.Join(m.To, ", "), strings.Join(totals, " + "), strings.Join(numbers, ", "))
}

func (c *call) run() error {
	var approve bool
	if _, err := c.flags(0, func(fs *flag.FlagSet) { fs.BoolVar(&approve, "approve", false, "") }); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		v, err := a.Run(c.ctx, approve)
		if err != nil {
			return err
		}
		if v.Messages == nil {
			v.Messages = []core.MessageView{}
		}
		return c.show(v, func(w io.Writer) { printRun(w, v) })
	})
}

func printRun(w io.Writer, v core.RunView) {
	switch v.State {
	case core.RunWaiting:
		fmt.Fprintf(w, "Waiting for your approval: %s. \"dunlin run --approve\" sends what is due then.\n", core.Plural(v.Left, "message"))
	default:
		fmt.Fprintf(w, "Sent %d, uncertain %d, refused %d, waiting %d.\n", v.Sent, v.Uncertain, v.Refused, v.Left)
	}
	if v.Reason != "" {
		fmt.Fprintln(w, v.Reason)
	}
	for _, m := range v.Messages {
		printSent(w, m)
	}
}

func printSent(w io.Writer, m core.MessageView) {
	fmt.Fprintf(w, "  %-10s %-10s to %-32s %s", m.State, m.CustomerCode, strings.Join(m.To, ", "), m.Subject)
	for _, why := range []string{m.Error, m.Reason} {
		if why != "" {
			fmt.Fprintf(w, "  [%s]", why)
		}
	}
	fmt.Fprintln(w)
}

func (c *call) outbox() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		all, err := a.AllMessages(c.ctx)
		if err != nil {
			return err
		}
		return c.show(all, func(w io.Writer) {
			for _, m := range all {
				printSent(w, m)
			}
		})
	})
}

func (c *call) activity() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		all, err := a.Activity(c.ctx, 1000)
		if err != nil {
			return err
		}
		return c.show(all, func(w io.Writer) {
			for _, e := range all {
				fmt.Fprintf(w, "%s  %s\n", e.At.Local().Format("2006-01-02 15:04"), e.Text)
			}
		})
	})
}

func (c *call) why() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("why needs an invoice number")
	}
	return c.with(func(a *core.App) error {
		d, err := a.Why(c.ctx, words[0])
		if err != nil {
			return err
		}
		out := struct {
			core.InvoiceView
			History []core.MessageView `json:"history"`
			Events  []core.EventView   `json:"events"`
		}{d.InvoiceView, append([]core.MessageView{}, d.Messages...), append([]core.EventView{}, d.Events...)}
		return c.show(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s, %s, %s %s outstanding: %s\n", d.Number, d.CustomerName, d.Outstanding, d.Currency, d.Sentence)
			for _, m := range d.Messages {
				printSent(w, m)
			}
		})
	})
}

func (c *call) chaseStart() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		if err := a.StartChasing(c.ctx); err != nil {
			return err
		}
		return c.done("Chasing is on.")
	})
}

func (c *call) chasePause() error {
	var until ledger.Date
	if _, err := c.flags(0, func(fs *flag.FlagSet) { dateFlag(fs, "until", &until) }); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		if err := a.Pause(c.ctx, until); err != nil {
			return err
		}
		return c.done("Chasing is paused.")
	})
}

func dateFlag(fs *flag.FlagSet, name string, d *ledger.Date) {
	fs.Func(name, "", func(v string) (err error) {
		*d, err = ledger.ParseDate(v)
		return err
	})
}

// target is the customer or the invoice that a safety control is about.
type target struct {
	customer, invoice string
	until             ledger.Date
}

func (c *call) target(wantUntil bool) (target, error) {
	var t target
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		fs.StringVar(&t.customer, "customer", "", "")
		fs.StringVar(&t.invoice, "invoice", "", "")
		if wantUntil {
			dateFlag(fs, "until", &t.until)
		}
	})
	switch {
	case err != nil:
		return t, err
	case (t.customer == "") == (t.invoice == ""):
		return t, usage("name either --customer CODE or --invoice NUMBER")
	case wantUntil && t.until.IsZero():
		return t, usage("hold needs --until DATE")
	}
	return t, nil
}

func (c *call) control(t target, onCustomer, onInvoice func(*core.App, int64) error) error {
	return c.with(func(a *core.App) error {
		if t.customer != "" {
			id, err := a.CustomerID(c.ctx, t.customer)
			if err != nil {
				return err
			}
			if err := onCustomer(a, id); err != nil {
				return err
			}
			return c.done("Done for customer " + t.customer + ".")
		}
		d, err := a.InvoiceByNumber(c.ctx, t.invoice)
		if err != nil {
			return err
		}
		if err := onInvoice(a, d.TransactionID); err != nil {
			return err
		}
		return c.done("Done for invoice " + t.invoice + ".")
	})
}

func (c *call) chaseStop() error {
	t, err := c.target(false)
	if err != nil {
		return err
	}
	return c.control(t, func(a *core.App, id int64) error { return a.StopCustomer(c.ctx, id) },
		func(a *core.App, id int64) error { return a.StopInvoice(c.ctx, id) })
}

func (c *call) chaseResume() error {
	t, err := c.target(false)
	if err != nil {
		return err
	}
	return c.control(t, func(a *core.App, id int64) error { return a.ResumeCustomer(c.ctx, id) },
		func(a *core.App, id int64) error { return a.ResumeInvoice(c.ctx, id) })
}

func (c *call) chaseHold() error {
	t, err := c.target(true)
	if err != nil {
		return err
	}
	return c.control(t, func(a *core.App, id int64) error { return a.HoldCustomer(c.ctx, id, t.until) },
		func(a *core.App, id int64) error { return a.HoldInvoice(c.ctx, id, t.until) })
}

func (c *call) ageing() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		rows, err := a.Ageing(c.ctx)
		if err != nil {
			return err
		}
		type row struct {
			Currency string            `json:"currency"`
			Buckets  map[string]string `json:"buckets"`
			Total    string            `json:"total"`
			Invoices int               `json:"invoices"`
		}
		out := []row{}
		for _, r := range rows {
			v := row{r.Currency, map[string]string{}, ledger.Money{Minor: r.Total, Currency: r.Currency}.String(), r.Count}
			for b := ledger.Current; b < ledger.Buckets; b++ {
				v.Buckets[b.String()] = ledger.Money{Minor: r.Cells[b], Currency: r.Currency}.String()
			}
			out = append(out, v)
		}
		return c.show(out, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
			fmt.Fprintln(t, "\tcurrent\t1-30\t31-60\t61-90\t91-120\t121+\ttotal\t")
			for _, r := range out {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Currency, r.Buckets["current"], r.Buckets["1-30"], r.Buckets["31-60"], r.Buckets["61-90"], r.Buckets["91-120"], r.Buckets["121+"], r.Total)
			}
			t.Flush()
		})
	})
}

func (c *call) backup() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("backup needs a file")
	}
	return c.with(func(a *core.App) error {
		if err := a.Backup(c.ctx, words[0]); err != nil {
			return err
		}
		return c.done("Written to " + words[0] + ".")
	})
}

func (c *call) demo() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.Env.Demo(c.ctx, c.Globals, c.Stdout)
}

// background is the ticker without a window, until it is asked to stop.
func (c *call) background() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		if a.Folder() == "" {
			return &core.Problem{Code: "not_connected", Message: "No company is connected yet.", Hint: "Run \"dunlin connect\" first."}
		}
		events, end := a.Subscribe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range events {
				c.report(e)
			}
		}()
		fmt.Fprintln(c.Stderr, "Dunlin works in the background; stop it with Ctrl+C or SIGTERM.")
		err := a.Work(c.ctx)
		end()
		<-done
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
}

func (c *call) report(e core.Event) {
	switch e.Kind {
	case core.SyncFinished:
		if e.Problem != nil {
			fmt.Fprintf(c.Stderr, "Sync failed: %s %s\n", e.Problem.Message, e.Problem.Hint)
			return
		}
		fmt.Fprintf(c.Stderr, "Synced: %d transactions new, %d changed.\n", e.Sync.Transactions.New, e.Sync.Transactions.Changed)
	case core.RunFinished:
		fmt.Fprintf(c.Stderr, "Run %s: %d sent, %d uncertain, %d refused, %d waiting. %s\n", e.Run.State, e.Run.Sent, e.Run.Uncertain, e.Run.Refused, e.Run.Left, e.Run.Reason)
	case core.SlotMissed:
		fmt.Fprintln(c.Stderr, "A chase was missed; \"dunlin run\" sends what is due now.")
	}
}

func (c *call) version() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	v := c.Version()
	return c.show(v, func(w io.Writer) { fmt.Fprintf(w, "Dunlin %s (%s, %s)\n", v.Version, v.Commit, v.Go) })
}
