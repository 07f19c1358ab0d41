package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"dunlin/core"
	"dunlin/core/chase"
)

// secret reads a secret from the environment or the credentials, else asks for it.
func (c *call) secret(name, prompt string) string {
	if v, ok := c.Secret(name); ok {
		return v
	}
	if prompt == "" {
		return ""
	}
	v, _ := c.Ask(prompt + ": ")
	return v
}

func (c *call) connect() error {
	var r core.ConnectRequest
	var auth string
	var find bool
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		fs.BoolVar(&find, "find-location", false, "")
		fs.StringVar(&r.Location, "location", "", "")
		fs.StringVar(&r.CompanyID, "company", "", "")
		fs.StringVar(&auth, "auth", "", "")
	})
	if err != nil {
		return err
	}
	if auth == "" {
		auth = c.likelyAuth()
	}
	switch {
	case auth != "userkey" && auth != "oauth":
		return usage("--auth is userkey or oauth, not %q", auth)
	case auth == "userkey" && r.CompanyID == "":
		return usage("connect needs --company ID")
	case r.Location == "" && !find:
		return usage("connect needs --location uk1, eu1, eu2, us1 or the address of your AccountsIQ, or --find-location")
	}
	c.fillKeys(&r, auth)
	return c.with(func(a *core.App) error {
		if find {
			return c.findLocation(a, r)
		}
		return c.connected(a, r, nil)
	})
}

// likelyAuth is the way of signing in for which keys were handed over.
func (c *call) likelyAuth() string {
	_, client := c.Secret("client-id")
	if _, key := c.Secret("user-key"); client && !key {
		return "oauth"
	}
	return "userkey"
}

func (c *call) fillKeys(r *core.ConnectRequest, auth string) {
	if auth == "oauth" {
		r.OAuth = true
		r.ClientID = c.secret("client-id", "Client ID")
		r.ClientSecret = c.secret("client-secret", "Client secret")
		return
	}
	r.UserKey = c.secret("user-key", "User Key")
	r.PartnerKey = c.secret("partner-key", "")
}

// asked is what one location said, in JSON.
type asked struct {
	Location string        `json:"location"`
	Name     string        `json:"name"`
	Knows    bool          `json:"knows"`
	Problem  *core.Problem `json:"problem"`
}

// findLocation asks the locations one after the other and connects where exactly one knows the company.
func (c *call) findLocation(a *core.App, r core.ConnectRequest) error {
	answers, err := a.TryLocations(c.ctx, r)
	list, known := []asked{}, []string{}
	answered := false
	for _, x := range answers {
		answered = answered || x.Problem == nil || x.Problem.FromAccountsIQ()
		list = append(list, asked{x.Location.Code, x.Location.Name, x.Knows, x.Problem})
		if x.Knows {
			known = append(known, x.Location.Code)
		}
	}
	if !c.JSON {
		for _, x := range list {
			said := "knows this company"
			if x.Problem != nil {
				said = x.Problem.Message
			}
			fmt.Fprintf(c.Stdout, "%-4s  %s\n", x.Location, said)
		}
	}
	if err != nil {
		return &told{problem: err, with: map[string]any{"locations": list}}
	}
	switch {
	case len(known) == 1:
		r.Location = known[0]
		return c.connected(a, r, list)
	case len(known) == 0 && !answered:
		err = &core.Problem{Code: "no_location_answered", Message: "None of the locations could be asked.", Hint: "Check the network, and a proxy if there is one, then try again. Nothing was stored."}
	case len(known) == 0:
		err = &core.Problem{Code: "not_found_anywhere", Message: "None of the locations that were asked knows this company with these keys.", Hint: "Check the Company ID and the keys. Nothing was stored."}
	default:
		err = &core.Problem{Code: "several_locations", Message: "Several locations know this company: " + strings.Join(known, ", ") + ".", Hint: "Run connect again with --location and one of these."}
	}
	return &told{problem: err, with: map[string]any{"locations": list}}
}

// entity is one company to choose from, in JSON.
type entity struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Currency string `json:"currency"`
}

// choose lists the companies that an application reaches; nothing was stored yet.
func (c *call) choose(found []core.Entity) error {
	list := make([]entity, len(found))
	for i, e := range found {
		list[i] = entity(e)
	}
	if !c.JSON {
		w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tCURRENCY")
		for _, e := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\n", e.ID, e.Name, e.Currency)
		}
		w.Flush()
	}
	return &told{with: map[string]any{"entities": list}, problem: &core.Problem{Code: "choose_company",
		Message: fmt.Sprintf("This application reaches %d companies, and nothing was connected yet.", len(list)), Hint: "Run connect again with --company ID, the ID of one of them."}}
}

func (c *call) connected(a *core.App, r core.ConnectRequest, places []asked) error {
	res, err := a.Connect(c.ctx, r)
	if len(res.Cleaned) > 0 {
		fmt.Fprintf(c.Stderr, "Stray spaces, commas or line ends were taken out of: %s.\n", strings.Join(res.Cleaned, ", "))
	}
	if p := core.ProblemOf(err); p != nil {
		if places == nil && p.ElsewherePerhaps() {
			p.Hint += " \"dunlin connect --find-location\" asks the other locations with these keys."
		}
		return p
	}
	if len(res.Entities) > 0 {
		return c.choose(res.Entities)
	}
	out := struct {
		OK        bool         `json:"ok"`
		Company   string       `json:"company"`
		Name      string       `json:"name"`
		Currency  string       `json:"currency"`
		Cleaned   []string     `json:"cleaned"`
		Notes     []string     `json:"notes"`
		Account   core.Account `json:"account"`
		Locations []asked      `json:"locations,omitempty"`
	}{true, res.Company.ID, res.Company.Name, res.Company.BaseCurrency, append([]string{}, res.Cleaned...), append([]string{}, res.Notes...), res.Suggest, places}
	return c.show(out, func(w io.Writer) {
		fmt.Fprintf(w, "Connected with %s (%s).\n", res.Company.Name, res.Company.ID)
		for _, n := range res.Notes {
			fmt.Fprintln(w, n)
		}
		fmt.Fprintln(w, "Next: \"dunlin account\" to check the business settings, then \"dunlin mailbox add\" and \"dunlin sync\".")
	})
}

func (c *call) account() error {
	var acc core.Account
	given := map[string]bool{}
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		for name, p := range map[string]*string{"name": &acc.Name, "country": &acc.Country, "timezone": &acc.Timezone, "currency": &acc.Currency} {
			fs.Func(name, "", func(v string) error { *p, given[name] = v, true; return nil })
		}
	})
	if err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		have, err := a.Account(c.ctx)
		if err != nil {
			return err
		}
		for name, pair := range map[string][2]*string{"name": {&have.Name, &acc.Name}, "country": {&have.Country, &acc.Country},
			"timezone": {&have.Timezone, &acc.Timezone}, "currency": {&have.Currency, &acc.Currency}} {
			if given[name] {
				*pair[0] = *pair[1]
			}
		}
		if len(given) > 0 {
			if err := a.SaveAccount(c.ctx, have); err != nil {
				return err
			}
			if have, err = a.Account(c.ctx); err != nil {
				return err
			}
		}
		return c.show(have, func(w io.Writer) {
			fmt.Fprintf(w, "Business name  %s\nCountry        %s\nTime zone      %s\nCurrency       %s\n", have.Name, have.Country, have.Timezone, have.Currency)
		})
	})
}

func (c *call) mailboxAdd() error {
	var r core.MailboxRequest
	var roles string
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		fs.StringVar(&r.Address, "address", "", "")
		fs.StringVar(&r.Name, "name", "", "")
		fs.StringVar(&r.SMTP, "smtp", "", "")
		fs.StringVar(&r.Security, "security", "tls", "")
		fs.StringVar(&r.User, "user", "", "")
		fs.StringVar(&r.IMAP, "imap", "", "")
		fs.StringVar(&r.IMAPSecurity, "imap-security", "", "")
		fs.StringVar(&r.CAFile, "ca-file", "", "")
		fs.StringVar(&roles, "roles", "", "")
		fs.BoolVar(&r.NoVerify, "no-verify", false, "")
	})
	if err != nil {
		return err
	}
	if r.Address == "" || r.SMTP == "" {
		return usage("mailbox add needs --address and --smtp")
	}
	for role := range strings.SplitSeq(roles, ",") {
		if role = strings.TrimSpace(role); role != "" {
			r.Roles = append(r.Roles, role)
		}
	}
	if r.User != "" {
		r.Password = c.secret("mail-password."+r.Address, "Password of "+r.User)
	}
	return c.with(func(a *core.App) error {
		if err := a.AddMailbox(c.ctx, r); err != nil {
			return err
		}
		return c.show(map[string]any{"ok": true, "address": r.Address}, func(w io.Writer) {
			fmt.Fprintf(w, "Reminders can go from %s.\n", r.Address)
		})
	})
}

func (c *call) mailboxList() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		boxes, err := a.Mailboxes(c.ctx)
		if err != nil {
			return err
		}
		return c.show(boxes, func(w io.Writer) {
			for _, b := range boxes {
				fmt.Fprintf(w, "%s  %s  %s  %s\n", b.Address, b.SMTP, b.Security, strings.Join(b.Roles, ","))
			}
		})
	})
}

func (c *call) mailboxRemove() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("mailbox remove needs the address")
	}
	return c.with(func(a *core.App) error {
		if err := a.RemoveMailbox(c.ctx, words[0]); err != nil {
			return err
		}
		return c.done("The mailbox was removed.")
	})
}

// done reports a command that has nothing else to say.
func (c *call) done(sentence string) error {
	return c.show(map[string]bool{"ok": true}, func(w io.Writer) { fmt.Fprintln(w, sentence) })
}

func (c *call) settingsGet() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		all, err := a.Settings(c.ctx)
		if err != nil {
			return err
		}
		values := map[string]string{}
		for _, s := range all {
			if len(words) == 0 || s.Key == words[0] {
				values[s.Key] = s.Value
			}
		}
		if len(values) == 0 {
			return &core.Problem{Code: "unknown_setting", Message: fmt.Sprintf("There is no setting %q.", words[0]), Hint: "\"dunlin settings get\" lists them all."}
		}
		return c.show(values, func(w io.Writer) {
			for _, s := range all {
				if v, ok := values[s.Key]; ok {
					fmt.Fprintf(w, "%-22s %-12s %s\n", s.Key, v, s.Help)
				}
			}
		})
	})
}

func (c *call) settingsSet() error {
	// No flags here: a value may begin with a dash.
	if len(c.args) != 2 {
		return usage("settings set needs a key and a value")
	}
	return c.with(func(a *core.App) error {
		if kind, ok := strings.CutPrefix(c.args[0], "links."); ok && (kind == core.CustomerPage || kind == core.InvoicePage) {
			return c.learn(a, kind, c.args[1])
		}
		if err := a.SetSetting(c.ctx, c.args[0], c.args[1]); err != nil {
			return err
		}
		return c.done("Changed.")
	})
}

// learn takes the address of a page and says what it recognised in it.
func (c *call) learn(a *core.App, kind, address string) error {
	l, err := a.LearnLink(c.ctx, kind, address)
	if err != nil {
		return err
	}
	out := struct {
		OK bool `json:"ok"`
		core.LinkLearnt
	}{true, l}
	return c.show(out, func(w io.Writer) {
		switch {
		case l.Number != "":
			fmt.Fprintf(w, "Recognised invoice %s of %s (%s).\n", l.Number, l.Name, l.Code)
		case l.Code != "":
			fmt.Fprintf(w, "Recognised %s (%s).\n", l.Name, l.Code)
		case l.Pattern == "":
			fmt.Fprintln(w, "Links open the home page of AccountsIQ again.")
			return
		}
		fmt.Fprintf(w, "Links open %s\n", l.Pattern)
	})
}

func (c *call) scheduleImport() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("schedule import needs a file")
	}
	f, err := c.ReadFile(words[0])
	if err != nil {
		return noFile(words[0], err)
	}
	defer f.Close()
	return c.with(func(a *core.App) error {
		s, err := a.ImportSchedule(c.ctx, f)
		if err != nil {
			return err
		}
		return c.done(fmt.Sprintf("The schedule %q was imported.", s.Name))
	})
}

func noFile(name string, err error) error {
	return &core.Problem{Code: "no_file", Message: fmt.Sprintf("The file %s cannot be read: %v.", name, err), Hint: "Check the name and try again."}
}

func (c *call) scheduleExport() error {
	var name string
	words, err := c.flags(1, func(fs *flag.FlagSet) { fs.StringVar(&name, "name", "", "") })
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("schedule export needs a file, or - for standard output")
	}
	return c.with(func(a *core.App) error {
		all, err := a.Schedules(c.ctx)
		if err != nil {
			return err
		}
		for _, s := range all {
			if name == "" || s.Name == name {
				return c.exportTo(words[0], s)
			}
		}
		return &core.Problem{Code: "unknown_schedule", Message: fmt.Sprintf("There is no schedule %q.", name), Hint: "Leave --name out for the first one."}
	})
}

func (c *call) exportTo(file string, s chase.Schedule) error {
	if file == "-" {
		return chase.EncodeSchedule(c.Stdout, s)
	}
	var body strings.Builder
	if err := chase.EncodeSchedule(&body, s); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(body.String()), 0o644); err != nil {
		return &core.Problem{Code: "no_file", Message: fmt.Sprintf("The file %s cannot be written: %v.", file, err), Hint: "Choose another place."}
	}
	return c.done("Written to " + file + ".")
}
