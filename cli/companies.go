package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"dunlin/core"
)

// withFolder is with for what works although the company in use cannot be opened.
func (c *call) withFolder(work func(*core.App) error) error {
	a, err := c.app()
	if a == nil {
		return err
	}
	return errors.Join(work(a), a.Close())
}

func (c *call) companies() error {
	if _, err := c.flags(0, nil); err != nil {
		return err
	}
	return c.withFolder(func(a *core.App) error {
		all, err := a.Companies(c.ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 && !c.JSON {
			fmt.Fprintln(c.Stdout, "No company is connected yet; \"dunlin connect\" connects one.")
			return nil
		}
		err = table(c, false, all, []column[core.CompanyEntry]{
			{"open", func(e core.CompanyEntry) string {
				if e.Current {
					return "*"
				}
				return ""
			}},
			{"id", func(e core.CompanyEntry) string { return e.ID }},
			{"name", func(e core.CompanyEntry) string { return e.Name }},
			{"problem", func(e core.CompanyEntry) string {
				if e.Problem == nil {
					return ""
				}
				return e.Problem.Message
			}},
		})
		if err == nil && !c.JSON && len(all) > 1 {
			fmt.Fprintln(c.Stdout, "Only the company that is open (*) is synced and chased.")
		}
		return err
	})
}

func (c *call) companiesUse() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("companies use needs the ID of a company; \"dunlin companies\" lists them")
	}
	return c.withFolder(func(a *core.App) error {
		if err := a.UseCompany(c.ctx, words[0]); err != nil {
			return err
		}
		return c.done("Opened " + words[0] + ". Only this company is synced and chased now; a window that is open keeps its company until it is closed.")
	})
}

func (c *call) disconnect() error {
	var erase bool
	if _, err := c.flags(0, func(fs *flag.FlagSet) { fs.BoolVar(&erase, "erase", false, "") }); err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		if !erase {
			return c.wouldErase(a)
		}
		e, err := a.Erase(c.ctx)
		if err != nil {
			return err
		}
		out := struct {
			OK bool `json:"ok"`
			core.Erasure
		}{true, e}
		return c.show(out, func(w io.Writer) {
			fmt.Fprintf(w, "Erased %s: %s.\n", e.CompanyName, erased(e))
			for _, n := range e.Notes {
				fmt.Fprintln(w, n)
			}
		})
	})
}

// wouldErase says what --erase would remove. The line is not complete without it.
func (c *call) wouldErase(a *core.App) error {
	e, err := a.ErasePlan(c.ctx)
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(c.Stdout, "This would erase %s from this computer: %s.\n", e.CompanyName, erased(e))
		for _, n := range e.Notes {
			fmt.Fprintln(c.Stdout, n)
		}
	}
	return &told{usage: true, with: map[string]any{"would_erase": e}, problem: &core.Problem{Code: "usage", Message: "Nothing was erased.", Hint: "Add --erase to do it."}}
}

func erased(e core.Erasure) string {
	return fmt.Sprintf("%s, %s, %s and %s in %s, and its keys in the key store", core.Plural(e.Customers, "customer"), core.Plural(e.Invoices, "invoice"),
		core.Plural(e.Messages, "message"), core.Plural(e.Files, "file"), e.Folder)
}

func (c *call) restore() error {
	words, err := c.flags(1, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("restore needs a file that \"dunlin backup\" wrote")
	}
	return c.withFolder(func(a *core.App) error {
		r, err := a.Restore(c.ctx, words[0])
		if err != nil {
			return err
		}
		out := struct {
			OK bool `json:"ok"`
			core.Restored
		}{true, r}
		return c.show(out, func(w io.Writer) {
			fmt.Fprintf(w, "Restored %s (%s) from %s.\n", r.CompanyName, r.CompanyID, words[0])
			if r.Replaced != "" {
				fmt.Fprintf(w, "The data that was there is kept as %s.\n", r.Replaced)
			}
		})
	})
}
