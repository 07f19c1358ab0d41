package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"dunlin/assets"
	"dunlin/core/accountsiq"
	"dunlin/core/chase"
	"dunlin/core/mail"
	"dunlin/core/outbox"
	"dunlin/core/secret"
	"dunlin/core/store"
)

// Deps is what the application needs from outside; everything that a test wants to hold in its hand.
type Deps struct {
	Now      func() time.Time
	NewID    func() string
	Random   io.Reader
	Secrets  secret.Store
	StateDir string       // the user's state directory; the journal of sent messages lives there
	HTTP     *http.Client // for AccountsIQ; nil: the client's own
	Logger   *slog.Logger
	// RetryFor is how long a run asked for by hand tries again after a passing failure (R6.5a).
	RetryFor time.Duration
	// SyncWait is how long a sync that somebody waits for waits itself, between two answers, for an AccountsIQ that is
	// busy or not there. One in the background waits five times as long.
	SyncWait time.Duration
	// Locations are the installations of AccountsIQ to choose from; nil: the published ones.
	Locations []accountsiq.Location
	// Demo marks the demo company: the window says so and asks for no credentials.
	Demo bool
}

// App is the application over one data folder. Its methods may be called from any goroutine.
type App struct {
	Bus
	deps Deps
	root string

	mu      sync.Mutex
	st      *store.Store // the connected company's; nil before the first connect
	journal *outbox.Journal

	supplied  func() ([]mail.Template, error) // the templates that come with the program, read once when first needed
	outlookMu sync.Mutex                      // one reckoning of the outlook at a time
	forecast  forecast                        // under outlookMu

	clerk clerk
}

// currentFile names the company folder in use, inside the data folder.
const currentFile = "current"

// Open opens the data folder. A folder without a company is fine: everything but Connect then says so. Where the
// company in use cannot be opened the App comes back beside the error, for Companies, UseCompany and Restore.
func Open(ctx context.Context, deps Deps, root string) (*App, error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{deps: deps, root: root,
		supplied: sync.OnceValues(func() ([]mail.Template, error) { return mail.LoadTemplates(assets.Templates()) })}
	a.clerk.init()
	folder, err := currentFolder(root)
	if err != nil || folder == "" {
		return a, err
	}
	next, err := a.load(ctx, folder, a.deps.NewID)
	if err != nil {
		return a, err
	}
	return a, a.use(next)
}

// currentFolder finds the company folder in use: the one that is named, else the only one there is.
func currentFolder(root string) (string, error) {
	if dir, err := namedFolder(root); err != nil || dir != "" {
		return dir, err
	}
	found, err := filepath.Glob(filepath.Join(root, "*", store.FileName))
	if err != nil || len(found) != 1 {
		return "", err
	}
	return filepath.Dir(found[0]), nil
}

// namedFolder is the company folder that was in use last, "" when none is named.
func namedFolder(root string) (string, error) {
	name, err := os.ReadFile(filepath.Join(root, currentFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", folderProblem(root, err)
	}
	folder := strings.TrimSpace(string(name))
	if folder == "" {
		return "", nil
	}
	return filepath.Join(root, filepath.Base(folder)), nil
}

func folderProblem(root string, err error) error {
	return &Problem{Code: "data_folder", Message: fmt.Sprintf("The data folder %s cannot be used: %v.", root, errors.Unwrap(err)),
		Hint: "Check that the folder belongs to you and that the disk is not full, or choose another one with --data."}
}

// folderName turns a company ID into a folder name that is safe on every system.
func folderName(companyID string) string {
	var b strings.Builder
	for _, c := range []byte(companyID) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// opened is a company's open data with the record of what was sent for it.
type opened struct {
	st      *store.Store
	journal *outbox.Journal
}

func (o opened) close() error {
	if o.st == nil {
		return nil
	}
	return errors.Join(o.st.Close(), o.journal.Close())
}

// load opens a company's folder without using it yet. newID names a folder that is made by this.
func (a *App) load(ctx context.Context, dir string, newID func() string) (opened, error) {
	st, err := store.Open(ctx, dir, store.Options{Now: a.deps.Now, NewID: newID})
	var pathErr *fs.PathError
	var known *store.Error
	switch {
	case errors.As(err, &pathErr) && !errors.As(err, &known):
		return opened{}, folderProblem(dir, pathErr)
	case err != nil:
		return opened{}, err
	}
	journal, err := outbox.OpenJournal(filepath.Join(a.journals(), st.FolderID()))
	if err != nil {
		st.Close()
		return opened{}, &Problem{Code: "state_folder", Message: "The record of sent messages cannot be opened: " + err.Error() + ".",
			Hint: "Check that your state folder can be written and that the disk is not full."}
	}
	return opened{st, journal}, nil
}

// use puts a company in the place of the one in use, which is closed. No outlook is reckoned meanwhile, as that
// would mix two companies.
func (a *App) use(next opened) error {
	a.outlookMu.Lock()
	defer a.outlookMu.Unlock()
	a.mu.Lock()
	before := opened{a.st, a.journal}
	a.st, a.journal = next.st, next.journal
	a.mu.Unlock()
	a.forecast = forecast{}
	return before.close()
}

// Close closes the data folder. The clerk must have stopped before.
func (a *App) Close() error { return a.use(opened{}) }

// company returns the store of the connected company.
func (a *App) company() (*store.Store, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.st == nil {
		return nil, &Problem{Code: "not_connected", Message: "No company is connected yet.",
			Hint: "Connect with AccountsIQ first: in the window, or with \"dunlin connect\"."}
	}
	return a.st, nil
}

// settings returns the store of the connected company with its settings.
func (a *App) settings(ctx context.Context) (*store.Store, map[string]string, error) {
	st, err := a.company()
	if err != nil {
		return nil, nil, err
	}
	set, err := st.Settings(ctx)
	return st, set, err
}

// Folder returns the folder of the connected company, "" without one.
func (a *App) Folder() string {
	if st, err := a.company(); err == nil {
		return st.Dir()
	}
	return ""
}

// saveSettings stores settings and an event, and tells the listeners.
func (a *App) saveSettings(ctx context.Context, values map[string]string, event string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	return a.change(ctx, st, "setting", event, func(tx *store.Tx) error {
		for key, value := range values {
			if err := tx.SetSetting(ctx, key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// change runs one write of the owner's together with its line in Activity, then tells the listeners.
func (a *App) change(ctx context.Context, st *store.Store, kind, text string, write func(*store.Tx) error) error {
	err := st.Tx(ctx, func(tx *store.Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		if text == "" {
			return nil
		}
		_, err := tx.AddEvent(ctx, store.Event{At: a.deps.Now(), Kind: kind, Text: text})
		return err
	})
	if err == nil {
		a.Publish(Event{Kind: DataChanged})
		a.clerk.wake()
	}
	return err
}

// zone returns the company's time zone; UTC until one is set.
func zone(set map[string]string) *time.Location {
	loc, err := time.LoadLocation(set[keyAccountTimezone])
	if err != nil || set[keyAccountTimezone] == "" {
		return time.UTC
	}
	return loc
}

// settingOr returns a setting, or its default when the owner never set it.
func settingOr(set map[string]string, key string) string {
	if v, ok := set[key]; ok {
		return v
	}
	s, _ := settingByKey(key)
	return s.def
}

// Settings lists every setting with its present value.
func (a *App) Settings(ctx context.Context) ([]SettingView, error) {
	_, set, err := a.settings(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]SettingView, len(settingsTable))
	for i, s := range settingsTable {
		out[i] = SettingView{Key: s.key, Value: settingOr(set, s.key), Label: s.label, Help: s.help, Choices: s.choices}
	}
	return out, nil
}

// SetSetting checks and stores one setting. A key that is not in the list is refused.
func (a *App) SetSetting(ctx context.Context, key, value string) error {
	s, ok := settingByKey(key)
	if !ok {
		return &Problem{Code: "unknown_setting", Message: fmt.Sprintf("There is no setting %q.", key), Hint: "\"dunlin settings get\" lists them all."}
	}
	if kind := linkKind(key); kind != "" && strings.TrimSpace(value) != "" {
		_, err := a.LearnLink(ctx, kind, value)
		return err
	}
	value, err := s.normal(value)
	if err != nil {
		return err
	}
	if key == keyPDFStyle && value != "" {
		if err := a.knowsStyle(ctx, value); err != nil {
			return err
		}
	}
	if key == keyDefaultSchedule && value != "" {
		if err := a.knowsSchedule(ctx, value); err != nil {
			return err
		}
	}
	values := map[string]string{key: value}
	switch key { // why it had switched itself off matters no more
	case keyWriteNotes:
		values[keyNotesOff] = ""
	case keyWriteDisputes:
		values[keyDisputesOff] = ""
	}
	return a.saveSettings(ctx, values, fmt.Sprintf("%s is now %q.", s.label, value))
}

// knowsStyle refuses a layout that AccountsIQ does not offer. Where it cannot be asked the owner's word counts.
func (a *App) knowsStyle(ctx context.Context, name string) error {
	styles, err := a.ReportStyles(ctx)
	if err != nil || slices.Contains(styles, name) {
		return nil
	}
	hint := "AccountsIQ offers: " + strings.Join(styles, ", ") + ". Leave it empty for its own choice."
	if len(styles) == 0 {
		hint = "AccountsIQ offers none. Leave it empty for its own choice."
	}
	return &Problem{Code: "unknown_style", Message: fmt.Sprintf("AccountsIQ has no layout %q for invoice copies.", name), Hint: "Nothing was changed. " + hint}
}

func (a *App) knowsSchedule(ctx context.Context, name string) error {
	all, err := a.Schedules(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Name == name {
			return nil
		}
	}
	return &Problem{Code: "unknown_schedule", Message: fmt.Sprintf("There is no schedule %q.", name), Hint: "Import it first, or choose one that exists."}
}

// Schedules returns the company's schedules.
func (a *App) Schedules(ctx context.Context) ([]chase.Schedule, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	rows, err := st.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	return decodeSchedules(rows)
}

func decodeSchedules(rows []store.Schedule) ([]chase.Schedule, error) {
	out := make([]chase.Schedule, 0, len(rows))
	for _, r := range rows {
		s, err := chase.DecodeSchedule(strings.NewReader(string(r.Body)))
		if err != nil {
			return nil, fmt.Errorf("schedule %q: %w", r.Name, err)
		}
		s.Name = r.Name
		out = append(out, s)
	}
	return out, nil
}

// ImportSchedule stores a schedule from its JSON form, replacing one of the same name.
func (a *App) ImportSchedule(ctx context.Context, r io.Reader) (chase.Schedule, error) {
	st, err := a.company()
	if err != nil {
		return chase.Schedule{}, err
	}
	s, err := chase.DecodeSchedule(r)
	if err != nil {
		return s, &Problem{Code: "bad_schedule", Message: "The schedule was not taken: " + err.Error(), Hint: "Mend the file and import it again. Nothing was changed."}
	}
	return s, a.change(ctx, st, "setting", fmt.Sprintf("The schedule %q was imported.", s.Name), func(tx *store.Tx) error {
		return saveSchedule(ctx, tx, s)
	})
}

// saveSchedule writes one schedule in the planner's JSON.
func saveSchedule(ctx context.Context, tx *store.Tx, s chase.Schedule) error {
	var body strings.Builder
	if err := chase.EncodeSchedule(&body, s); err != nil {
		return err
	}
	return tx.SaveSchedule(ctx, store.Schedule{Name: s.Name, Body: []byte(body.String())})
}
