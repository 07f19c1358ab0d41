package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"dunlin/core"
)

// invoicePDF writes the copy of an invoice to a file, by the name that it has when none is given.
func (c *call) invoicePDF() error {
	words, err := c.flags(2, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usage("invoice pdf needs an invoice number")
	}
	file := ""
	if len(words) == 2 {
		file = words[1]
	}
	if file == "-" && c.JSON {
		return usage("--json and - would both write to standard output")
	}
	if file != "" && file != "-" {
		if _, err := os.Lstat(file); err == nil {
			return fileExists(file) // AccountsIQ need not be asked
		}
	}
	return c.with(func(a *core.App) error {
		d, err := a.InvoiceByNumber(c.ctx, words[0])
		if err != nil {
			return err
		}
		pdf, err := a.InvoicePDF(c.ctx, d.TransactionID)
		if err != nil {
			return err
		}
		if file == "-" {
			_, err := c.Stdout.Write(pdf.Data)
			return err
		}
		if file == "" {
			file = pdf.Name
		}
		if err := writeNew(file, pdf.Data); err != nil {
			return err
		}
		out := struct {
			Number string `json:"number"`
			File   string `json:"file"`
			Bytes  int    `json:"bytes"`
		}{d.Number, file, len(pdf.Data)}
		return c.show(out, func(w io.Writer) { fmt.Fprintf(w, "Written to %s.\n", file) })
	})
}

func fileExists(file string) error {
	return &core.Problem{Code: "file_exists", Message: fmt.Sprintf("There is a file %s already; it was left as it is.", file), Hint: "Give another name, or - for standard output."}
}

// writeNew writes a file that is not there yet, whole or not at all.
func writeNew(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fileExists(file)
	}
	if err == nil {
		_, err = f.Write(data)
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return &core.Problem{Code: "no_file", Message: fmt.Sprintf("The file %s cannot be written: %v.", file, err), Hint: "Choose another place."}
	}
	return nil
}
