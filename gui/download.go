package gui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/core/ledger"
)

// hasPDF reports whether AccountsIQ may have a copy of a receivable; of a journal it has none.
func hasPDF(v core.InvoiceView) bool { return ledger.TxType(v.Type) == ledger.SalesInvoice }

// savePDF fetches the copy of an invoice, saves it and offers to open it.
func (w *Window) savePDF(v core.InvoiceView) {
	if w.fetching[v.TransactionID] {
		return
	}
	w.setFetching(v.TransactionID, true)
	w.snack.Wait(lang.L("Fetching invoice {{.Number}} from AccountsIQ…", map[string]any{"Number": v.Number}))
	w.run.Go(func() {
		path, err := w.fetchPDF(w.run.Context(), v.TransactionID)
		w.run.Do(func() {
			w.setFetching(v.TransactionID, false)
			if err != nil {
				w.snack.Hide()
				w.fail(err)
				return
			}
			w.snack.Offer(lang.L("Saved {{.File}} in {{.Folder}}", map[string]any{"File": filepath.Base(path), "Folder": filepath.Base(filepath.Dir(path))}),
				lang.L("Open"), func() { w.openFile(path) })
		})
	})
}

// setFetching notes that a copy is on its way, or not any more, and shows it on the invoice's page.
func (w *Window) setFetching(id int64, on bool) {
	if on {
		w.fetching[id] = true
	} else {
		delete(w.fetching, id)
	}
	if p, ok := w.frame.current.(*invoicePage); ok && p.id == id {
		p.showPDF()
	}
}

func (w *Window) fetchPDF(ctx context.Context, id int64) (string, error) {
	pdf, err := w.deps.Core.InvoicePDF(ctx, id)
	if err != nil {
		return "", err
	}
	dir, err := w.deps.Downloads()
	if err == nil {
		dir, err = saveNew(dir, pdf.Name, pdf.Data)
	}
	if err != nil {
		return "", &core.Problem{Code: "not_saved", Message: lang.L("{{.File}} could not be saved: {{.Reason}}.", map[string]any{"File": pdf.Name, "Reason": reasonOf(err)}),
			Hint: lang.L("Make room or allow writing there, then try again.")}
	}
	return dir, nil
}

// reasonOf is what the system said, without the operation that it says it of.
func reasonOf(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Path + ": " + pathErr.Err.Error()
	}
	return err.Error()
}

// openFile opens a file with the program that the desktop has for it.
func (w *Window) openFile(path string) {
	if err := w.deps.Open(fileURL(path)); err != nil {
		w.fail(&core.Problem{Code: "no_program", Message: lang.L("The file could not be opened."), Hint: lang.L("Open {{.URL}} by hand.", map[string]any{"URL": path})})
	}
}

// fileURL names a file as an address; on Windows it begins with the letter of a drive.
func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// saveNew writes a new file. Where there is one of this name already the new one is called "name (2)".
func saveNew(dir, name string, data []byte) (string, error) {
	end := filepath.Ext(name)
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, end), n, end))
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(data)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", errors.Join(err, os.Remove(path))
		}
		return path, nil
	}
}

// downloads is the user's own folder for downloads, or the nearest thing to it.
func downloads() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	var named []byte
	if config, err := os.UserConfigDir(); err == nil {
		named, _ = os.ReadFile(filepath.Join(config, "user-dirs.dirs"))
	}
	return downloadsIn(home, string(named)), nil
}

// downloadsIn finds the folder below a home. userDirs is the file in which Linux desktops keep how the folders of
// the home are called; "" without one.
func downloadsIn(home, userDirs string) string {
	candidates := []string{filepath.Join(home, "Downloads"), filepath.Join(home, "Documents")}
	for line := range strings.Lines(userDirs) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "XDG_DOWNLOAD_DIR="); ok {
			value = strings.Trim(value, `"`)
			if below, ok := strings.CutPrefix(value, "$HOME/"); ok {
				value = filepath.Join(home, below)
			}
			candidates = append([]string{value}, candidates...)
		}
	}
	for _, dir := range candidates {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && filepath.IsAbs(dir) {
			return dir
		}
	}
	return home
}
