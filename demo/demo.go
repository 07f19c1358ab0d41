// Package demo is a made-up company to look around in: an AccountsIQ of its own and a mail server of its own, both
// on loopback, and a throw-away data folder. Nothing leaves the computer. It wires core to them and imports no Fyne.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/mail/mailtest"
	"dunlin/core/secret"
)

// seed picks the made-up company; the same seed gives the same company on the same day.
const seed = 1

// The owner's mailbox in the demo.
const (
	mailbox  = "niamh@dunlin-demo.example"
	mailName = "Niamh at Dunlin Demo"
)

// Options are the circumstances of a demo.
type Options struct {
	Data   string // keep the data in this folder; "" for a throw-away one
	JSON   bool
	Now    func() time.Time
	NewID  func() string
	Random io.Reader
	Logger *slog.Logger
}

// Demo is a running demo company.
type Demo struct {
	App  *core.App
	AIQ  *aiqtest.Server
	Mail *mailtest.Server

	company *aiqtest.Company
	remove  string // the throw-away folder
}

// Start starts both servers and opens an application on an empty or kept data folder. Nothing is connected yet.
func Start(ctx context.Context, o Options) (d *Demo, err error) {
	d = &Demo{company: aiqtest.Seeded(seed, o.Now(), aiqtest.DemoSize)}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	data := o.Data
	if data == "" {
		if data, err = os.MkdirTemp("", "dunlin-demo-"); err != nil {
			return d, err
		}
		d.remove = data
	}
	if d.AIQ, err = aiqtest.Start(aiqtest.Options{Now: o.Now, Company: d.company}); err != nil {
		return d, err
	}
	if d.Mail, err = mailtest.Start(mailtest.Options{Users: map[string]string{mailbox: "demo"}, ClearSignIn: true}); err != nil {
		return d, err
	}
	d.App, err = core.Open(ctx, core.Deps{Now: o.Now, NewID: o.NewID, Random: o.Random, Secrets: secret.Memory(),
		StateDir: filepath.Join(data, "state"), Logger: o.Logger, Demo: true}, data)
	return d, err
}

// Close ends everything and removes a throw-away folder.
func (d *Demo) Close() error {
	var errs []error
	if d.App != nil {
		errs = append(errs, d.App.Close())
	}
	if d.AIQ != nil {
		errs = append(errs, d.AIQ.Close())
	}
	if d.Mail != nil {
		errs = append(errs, d.Mail.Close())
	}
	if d.remove != "" {
		errs = append(errs, os.RemoveAll(d.remove))
	}
	return errors.Join(errs...)
}

// Connect signs in to the demo AccountsIQ, confirms the business settings and adds the demo mailbox.
func (d *Demo) Connect(ctx context.Context) (core.ConnectResult, error) {
	res, err := d.App.Connect(ctx, core.ConnectRequest{Location: d.AIQ.URL(), CompanyID: d.company.ID, OAuth: true,
		ClientID: d.company.ClientID, ClientSecret: d.company.ClientSecret})
	if err != nil {
		return res, err
	}
	if err := d.App.SaveAccount(ctx, core.Account{Name: d.company.Name, Country: "IE", Timezone: "Europe/Dublin", Currency: "EUR"}); err != nil {
		return res, err
	}
	err = d.App.AddMailbox(ctx, core.MailboxRequest{Address: mailbox, Name: mailName, SMTP: d.Mail.Addr(), Security: "none",
		User: mailbox, Password: "demo", Roles: []string{"normal", "escalated", "forewarn"}})
	return res, err
}

// report is the run of the demo as JSON.
type report struct {
	OK      bool          `json:"ok"`
	Company string        `json:"company"`
	Sync    core.SyncView `json:"sync"`
	Run     core.RunView  `json:"run"`
	Mails   []mailView    `json:"mails"` // as the demo mail server received them
}

type mailView struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
}

// Run does the main job on the demo company without a window and prints what happened: connect, sync, plan,
// send, report.
func Run(ctx context.Context, o Options, out io.Writer) error {
	d, err := Start(ctx, o)
	if err != nil {
		return err
	}
	rep, err := d.work(ctx, o, out)
	if err == nil && o.JSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(rep)
	}
	return errors.Join(err, d.Close())
}

func (d *Demo) work(ctx context.Context, o Options, out io.Writer) (report, error) {
	say := func(format string, args ...any) {
		if !o.JSON {
			fmt.Fprintf(out, format+"\n", args...)
		}
	}
	var rep report
	res, err := d.Connect(ctx)
	if err != nil {
		return rep, err
	}
	rep.Company = res.Company.Name
	say("1. Connected with the demo AccountsIQ: %s (%s), base currency %s.", res.Company.Name, res.Company.ID, res.Company.BaseCurrency)
	if rep.Sync, err = d.App.Sync(ctx, false); err != nil {
		return rep, err
	}
	say("2. First sync: %d customers, %d contacts, %d transactions, %d allocations in %d requests, %s.", rep.Sync.Customers.New, rep.Sync.Contacts.New,
		rep.Sync.Transactions.New, rep.Sync.Allocations.New, rep.Sync.Requests, rep.Sync.Finished.Sub(rep.Sync.Started).Round(time.Millisecond))
	if err := d.sayAgeing(ctx, say); err != nil {
		return rep, err
	}
	if err := d.App.StartChasing(ctx); err != nil {
		return rep, err
	}
	if err := d.sayPlan(ctx, o, say); err != nil {
		return rep, err
	}
	if rep.Run, err = d.App.Run(ctx, true); err != nil {
		return rep, err
	}
	say("5. Synced once more, then sent %d reminders, %d refused, %d waiting.", rep.Run.Sent, rep.Run.Refused, rep.Run.Left)
	if rep.Mails, err = d.mails(); err != nil {
		return rep, err
	}
	for i, m := range rep.Mails {
		if i == 8 {
			say("   ... and %d more", len(rep.Mails)-i)
			break
		}
		say("   to %-38s %s", strings.Join(m.To, ", "), m.Subject)
	}
	if len(rep.Mails) > 0 {
		say("\nThe first of them, as the customer reads it:\n\n%s", indent(rep.Mails[0].Text))
	}
	rep.OK = true
	return rep, nil
}

func (d *Demo) sayAgeing(ctx context.Context, say func(string, ...any)) error {
	rows, err := d.App.Ageing(ctx)
	if err != nil {
		return err
	}
	say("3. Outstanding by age:")
	for _, r := range rows {
		say("   %s", core.AgeingLine(r))
	}
	return nil
}

func (d *Demo) sayPlan(ctx context.Context, o Options, say func(string, ...any)) error {
	res, err := d.App.Plan(ctx, o.Now())
	if err != nil {
		return err
	}
	held := 0
	for _, i := range res.Invoices {
		if i.Held != nil {
			held++
		}
	}
	say("4. The plan: %d messages; %d of %d open invoices are held back.", len(res.Messages), held, len(res.Invoices))
	return nil
}

func (d *Demo) mails() ([]mailView, error) {
	out := []mailView{}
	for _, r := range d.Mail.Messages() {
		p, err := r.Parse()
		if err != nil {
			return nil, err
		}
		out = append(out, mailView{From: r.From, To: r.To, Subject: p.Subject, Text: p.Text})
	}
	return out, nil
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}

// Prepare connects and syncs the demo company for the window and lets chasing begin; every message waits for
// an approval, so that there is something to look at before it goes.
func (d *Demo) Prepare(ctx context.Context) error {
	if _, err := d.Connect(ctx); err != nil {
		return err
	}
	if _, err := d.App.Sync(ctx, false); err != nil {
		return err
	}
	if err := d.App.SetSetting(ctx, "approval", "always"); err != nil {
		return err
	}
	return d.App.StartChasing(ctx)
}
