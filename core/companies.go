package core

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/secret"
	"dunlin/core/store"
)

// CompanyEntry is one company of the data folder.
type CompanyEntry struct {
	Folder  string `json:"folder"`
	ID      string `json:"id"`
	Name    string `json:"name"` // the ID where the name cannot be read
	Current bool   `json:"current"`
	// Problem is why its data cannot be opened; nil when it can.
	Problem *Problem `json:"problem"`
}

// Companies lists the companies of the data folder by name. Only the one that is open is synced and chased.
func (a *App) Companies(ctx context.Context) ([]CompanyEntry, error) {
	found, err := filepath.Glob(filepath.Join(a.root, "*", store.FileName))
	if err != nil {
		return nil, err
	}
	current := a.Folder()
	if current == "" { // it is not open, but may be named
		if current, err = namedFolder(a.root); err != nil {
			return nil, err
		}
	}
	out := []CompanyEntry{}
	for _, file := range found {
		e, err := a.entry(ctx, filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		e.Current = filepath.Dir(file) == current
		out = append(out, e)
	}
	slices.SortFunc(out, func(x, y CompanyEntry) int {
		return cmp.Or(strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)), strings.Compare(x.ID, y.ID))
	})
	return out, nil
}

// entry describes one company folder. A folder that cannot be opened is described too.
func (a *App) entry(ctx context.Context, dir string) (CompanyEntry, error) {
	e := CompanyEntry{Folder: dir, ID: companyOfFolder(dir)}
	e.Name = e.ID
	name, id, err := store.Peek(ctx, dir)
	if ctx.Err() != nil {
		return e, ctx.Err()
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = folderProblem(dir, pathErr)
	}
	if err != nil {
		e.Problem = ProblemOf(err)
		return e, nil
	}
	e.ID, e.Name = cmp.Or(id, e.ID), cmp.Or(name, id, e.Name)
	return e, nil
}

// settingsIn reads the settings of a company folder that is not in use, in the present format from then on.
func (a *App) settingsIn(ctx context.Context, dir string) (map[string]string, error) {
	st, err := store.Open(ctx, dir, store.Options{Now: a.deps.Now, NewID: a.deps.NewID})
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return nil, folderProblem(dir, pathErr)
	}
	if err != nil {
		return nil, err
	}
	defer st.Close()
	return st.Settings(ctx)
}

// companyOfFolder undoes folderName.
func companyOfFolder(dir string) string {
	name := filepath.Base(dir)
	if id, err := url.PathUnescape(name); err == nil {
		return id
	}
	return name
}

// UseCompany opens another company of the data folder in the place of the one that is open. A sync under way is
// broken off; while reminders are being sent it refuses, so that no message is left half way. When it fails the
// company that was open stays open.
func (a *App) UseCompany(ctx context.Context, id string) error {
	dir, err := a.folderOf(ctx, id)
	if err != nil {
		return err
	}
	if a.Folder() == dir {
		return a.setCurrent(dir)
	}
	return a.moveTo(ctx, dir, a.deps.NewID, func(*store.Store) error { return nil })
}

// folderOf finds the folder of a company by its ID: the very ID first, then in any case.
func (a *App) folderOf(ctx context.Context, id string) (string, error) {
	all, err := a.Companies(ctx)
	if err != nil {
		return "", err
	}
	id, _ = accountsiq.CleanKey(id)
	for _, same := range []func(string) bool{func(s string) bool { return s == id }, func(s string) bool { return strings.EqualFold(s, id) }} {
		for _, e := range all {
			if same(e.ID) {
				return e.Folder, nil
			}
		}
	}
	p := &Problem{Code: "unknown_company", Message: fmt.Sprintf("There is no company %q in this data folder.", id), Hint: "Connect it first: in the window, or with \"dunlin connect\"."}
	if len(all) > 0 {
		ids := make([]string, len(all))
		for i, e := range all {
			ids[i] = e.ID
		}
		p.Hint = "There is: " + strings.Join(ids, ", ") + ". Another one is added with \"dunlin connect\"."
	}
	return "", p
}

// moveTo opens a company folder, lets prepare write to it, and puts it in the place of the one in use. newID names a
// folder that is made by this; it is taken away again when something fails.
func (a *App) moveTo(ctx context.Context, dir string, newID func() string, prepare func(*store.Store) error) (err error) {
	wake, err := a.rest(ctx)
	if err != nil {
		return err
	}
	defer wake()
	made := !isCompany(dir)
	next, err := a.load(ctx, dir, newID)
	if err != nil {
		return err
	}
	var lease *store.Lease
	defer func() {
		if err == nil {
			return
		}
		err = errors.Join(err, next.close())
		if lease != nil {
			err = errors.Join(err, lease.Release())
		}
		if made {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if a.clerk.works() {
		if lease, err = store.Lock(dir); err != nil {
			return err
		}
	}
	if err := prepare(next.st); err != nil {
		return err
	}
	if err := a.setCurrent(dir); err != nil {
		return err
	}
	a.forgetCompany(dir, next.st.FolderID())
	a.install(next, lease)
	return nil
}

func isCompany(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, store.FileName))
	return err == nil
}

// install puts an open company, or none, in the place of the one in use. The caller holds the clerk's turn; lease is
// nil where no clerk works.
func (a *App) install(next opened, lease *store.Lease) {
	if err := a.use(next); err != nil {
		a.deps.Logger.Warn("the company that was open was not closed well", "error", err)
	}
	a.releaseLease()
	c := &a.clerk
	if lease != nil {
		c.lease, c.leased = lease, next.st.Dir()
	}
	c.begin()
	a.Publish(Event{Kind: CompanyChanged})
}

// begin forgets what the clerk noted for the company before, and what was asked for it.
func (c *clerk) begin() {
	for len(c.requests) > 0 {
		select {
		case <-c.requests:
		default:
		}
	}
	c.lastSync, c.retryAt, c.retries = time.Time{}, time.Time{}, 0
}

func (c *clerk) works() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.working
}

// rest brings the clerk to a stand, until wake is called.
func (a *App) rest(ctx context.Context) (wake func(), err error) {
	c := &a.clerk
	c.moving.Lock()
	defer func() {
		if err != nil {
			c.moving.Unlock()
		}
	}()
	for {
		if err := c.interrupt(); err != nil {
			return nil, err
		}
		select {
		case c.turn <- struct{}{}:
			return func() {
				<-c.turn
				c.moving.Unlock()
				c.wake()
			}, nil
		case <-c.begun: // what began meanwhile is looked at too
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// interrupt breaks off a sync under way, and refuses while reminders go.
func (c *clerk) interrupt() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.busy:
	case c.kind == jobSend:
		return &Problem{Code: "sending", Message: "Reminders are being sent at this moment.", Hint: "Wait until the chase is done, or cancel it, then try again."}
	case c.stop != nil:
		c.stop(errMoved)
	}
	return nil
}

// setCurrent notes which company folder is in use, whole or not at all.
func (a *App) setCurrent(dir string) error {
	path := filepath.Join(a.root, currentFile)
	if err := os.WriteFile(path+".new", []byte(filepath.Base(dir)+"\n"), 0o600); err != nil {
		return folderProblem(a.root, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return folderProblem(a.root, err)
	}
	return nil
}

// Erasure says what is erased with a company.
type Erasure struct {
	CompanyID   string   `json:"company"`
	CompanyName string   `json:"name"`
	Folder      string   `json:"folder"`
	Customers   int      `json:"customers"`
	Invoices    int      `json:"invoices"`
	Messages    int      `json:"messages"`
	Files       int      `json:"files"`
	Secrets     []string `json:"secrets"` // by name, such as "user-key"; never their values
	Notes       []string `json:"notes"`   // plain sentences of what stays
}

// ErasePlan says what Erase would remove.
func (a *App) ErasePlan(ctx context.Context) (Erasure, error) {
	st, set, err := a.settings(ctx)
	if err != nil {
		return Erasure{}, err
	}
	e := Erasure{CompanyID: set[keyConnCompany], CompanyName: cmp.Or(set[keyAccountName], set[keyConnCompany]), Folder: st.Dir(),
		Notes: []string{"Nothing is changed in AccountsIQ.",
			"The record of sent messages stays in your state folder, so that nobody gets a reminder twice if the company is connected again."}}
	customers, err := st.CustomerIDs(ctx, store.CustomerQuery{Status: store.CustomersAll})
	if err != nil {
		return e, err
	}
	invoices, _, err := st.InvoiceIDs(ctx, store.InvoiceQuery{Status: store.InvoicesAll})
	if err != nil {
		return e, err
	}
	messages, err := st.Messages(ctx, store.MessageQuery{})
	if err != nil {
		return e, err
	}
	e.Customers, e.Invoices, e.Messages = len(customers), len(invoices), len(messages)
	e.Secrets, err = secretsOf(ctx, st)
	if err != nil {
		return e, err
	}
	e.Files, err = countFiles(st.Dir())
	return e, err
}

func countFiles(dir string) (n int, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		return n, folderProblem(dir, err)
	}
	return n, nil
}

// secretsOf names every secret that a company can have in the key store.
func secretsOf(ctx context.Context, st *store.Store) ([]string, error) {
	names := []string{secretUserKey, secretPartnerKey, secretClientID, secretClientSecret}
	boxes, err := st.Mailboxes(ctx)
	for _, b := range boxes {
		names = append(names, secretMail+b.Address)
	}
	return names, err
}

// Erase removes the folder and the secrets of the company that is open. AccountsIQ is not touched, and the record of
// sent messages stays: the company meets it when it is connected again. No company is open afterwards. It can be
// tried again when it fails half way.
func (a *App) Erase(ctx context.Context) (Erasure, error) {
	wake, err := a.rest(ctx)
	if err != nil {
		return Erasure{}, err
	}
	defer wake()
	e, err := a.ErasePlan(ctx)
	if err != nil {
		return e, err
	}
	if a.clerk.leased != e.Folder {
		// Another program that syncs or sends for this company is not pulled the ground away.
		lease, err := store.Lock(e.Folder)
		if err != nil {
			return e, err
		}
		a.clerk.lease, a.clerk.leased = lease, e.Folder
		defer a.releaseLease()
	}
	if err := a.eraseSecrets(ctx, &e); err != nil {
		return e, err
	}
	return e, a.eraseFolder(ctx, e)
}

// eraseSecrets takes the company's secrets out of the key store. Where there is none, as on a server, what the
// environment holds is not ours to remove.
func (a *App) eraseSecrets(ctx context.Context, e *Erasure) error {
	var none *secret.Unavailable
	for _, what := range e.Secrets {
		err := a.deps.Secrets.Delete(ctx, secretName(e.CompanyID, what))
		switch {
		case errors.As(err, &none):
			e.Secrets, e.Notes = []string{}, append(e.Notes, "This computer's key store could not be used, so keys that may be in it were not removed: "+none.Error())
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

func (a *App) eraseFolder(ctx context.Context, e Erasure) error {
	st, set, err := a.settings(ctx)
	if err != nil {
		return err
	}
	if err := a.rememberCompany(st.FolderID(), kept{Company: e.CompanyID, Location: set[keyConnLocation]}); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(a.root, currentFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderProblem(a.root, err)
	}
	if err := a.use(opened{}); err != nil {
		a.deps.Logger.Warn("the company was not closed well", "error", err)
	}
	err = removeAllBut(e.Folder, "lock")
	a.releaseLease()
	err = errors.Join(err, os.RemoveAll(e.Folder))
	a.clerk.begin()
	a.Publish(Event{Kind: CompanyChanged})
	if err != nil {
		return &Problem{Code: "erase", Message: fmt.Sprintf("Not everything in %s could be removed: %v.", e.Folder, err), Hint: "Remove the folder by hand."}
	}
	return nil
}

// removeAllBut empties a folder except for one file, which is still locked. The data file goes first: without it the
// folder is no company any more.
func removeAllBut(dir, keep string) error {
	err := os.Remove(filepath.Join(dir, store.FileName))
	list, listErr := os.ReadDir(dir)
	err = errors.Join(err, listErr)
	for _, f := range list {
		if f.Name() != keep {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// keptFile stands beside the record of sent messages of a company that was erased, so that the record is met again
// when the company is.
const keptFile = "company.json"

type kept struct {
	Company  string `json:"company"`
	Location string `json:"location"`
}

// journals is the folder of the records of sent messages.
func (a *App) journals() string { return filepath.Join(a.deps.StateDir, "dunlin") }

func (a *App) rememberCompany(folderID string, k kept) error {
	body, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(a.journals(), folderID, keptFile), body, 0o600); err != nil {
		return folderProblem(a.journals(), err)
	}
	return nil
}

// newFolderID names a company folder that is about to be made: as the record of an erased one of the same company and
// location is named, else anew.
func (a *App) newFolderID(dir, company, location string) func() string {
	if isCompany(dir) {
		return a.deps.NewID
	}
	found, _ := filepath.Glob(filepath.Join(a.journals(), "*", keptFile))
	for _, file := range found {
		var k kept
		body, err := os.ReadFile(file)
		if err == nil && json.Unmarshal(body, &k) == nil && k == (kept{company, location}) {
			return func() string { return filepath.Base(filepath.Dir(file)) }
		}
	}
	return a.deps.NewID
}

// forgetCompany takes back what rememberCompany wrote: the record belongs to a company folder again.
func (a *App) forgetCompany(dir, folderID string) {
	err := os.Remove(filepath.Join(a.journals(), folderID, keptFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.deps.Logger.Warn("a note on an erased company stayed", "folder", dir, "error", err)
	}
}

// Restored says what a backup was put in the place of.
type Restored struct {
	CompanyID   string `json:"company"`
	CompanyName string `json:"name"`
	Folder      string `json:"folder"`
	// Replaced is where the data that was there is kept; "" when there was none.
	Replaced string `json:"replaced"`
}

// Restore puts a backup in the place of the data of the company that it was made of, whichever company is open. It
// becomes the open one where none is. A backup that is not whole, or whose company another program works on, changes
// nothing.
func (a *App) Restore(ctx context.Context, file string) (Restored, error) {
	wake, err := a.rest(ctx)
	if err != nil {
		return Restored{}, err
	}
	defer wake()
	if _, err := os.Stat(file); err != nil {
		return Restored{}, &Problem{Code: "no_file", Message: fmt.Sprintf("The file %s cannot be read: %v.", file, cause(err)), Hint: "Check the name and try again."}
	}
	set, err := a.settingsOfBackup(ctx, file)
	if err != nil {
		return Restored{}, err
	}
	r := Restored{CompanyID: set[keyConnCompany], CompanyName: cmp.Or(set[keyAccountName], set[keyConnCompany])}
	if r.CompanyID == "" {
		return r, &Problem{Code: "foreign_file", Message: fmt.Sprintf("The file %s holds no company.", file), Hint: "Choose a file that \"dunlin backup\" wrote."}
	}
	r.Folder = filepath.Join(a.root, folderName(r.CompanyID))
	return r, a.putBack(ctx, &r, file)
}

// cause is what the system said, without the operation and the path that it says it of.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// settingsOfBackup reads the settings of a backup from a copy, which also shows that it is whole.
func (a *App) settingsOfBackup(ctx context.Context, file string) (map[string]string, error) {
	place := filepath.Join(a.root, ".restoring")
	defer os.RemoveAll(place)
	dir := filepath.Join(place, "company") // one deeper than the companies, so that it is never taken for one
	if err := store.Restore(ctx, dir, file); err != nil {
		return nil, err
	}
	return a.settingsIn(ctx, dir)
}

func (a *App) putBack(ctx context.Context, r *Restored, file string) error {
	if a.clerk.leased != r.Folder {
		lease, err := store.Lock(r.Folder)
		if err != nil {
			return err
		}
		defer lease.Release()
	}
	if isCompany(r.Folder) {
		r.Replaced = filepath.Join(r.Folder, store.FileName+".replaced")
	}
	open := a.Folder()
	if open == r.Folder {
		if err := a.use(opened{}); err != nil {
			return err
		}
	}
	err := RestoreFile(ctx, r.Folder, file)
	if open != "" && open != r.Folder || !isCompany(r.Folder) {
		return err
	}
	next, loadErr := a.load(ctx, r.Folder, a.deps.NewID)
	if loadErr != nil {
		return errors.Join(err, loadErr)
	}
	if useErr := a.use(next); err != nil || useErr != nil {
		return errors.Join(err, useErr)
	}
	a.Publish(Event{Kind: CompanyChanged})
	return a.setCurrent(r.Folder)
}
