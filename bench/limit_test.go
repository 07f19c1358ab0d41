package bench_test

import (
	"context"
	"database/sql"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

// limit fetches the same bytes, tokenises them with the standard library, and bulk-inserts as many rows of the same
// width into tables without further indexes: what no program that uses these parts can be faster than by much.
func limit(ctx context.Context, _, dir string) (result, error) {
	list, n, err := leftBy(dir)
	if err != nil {
		return result{}, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "limit.db")+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
	if err != nil {
		return result{}, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tables := []table{
		{"wide", n.Customers + n.Transactions, []any{0, 7, "CUST0001", "SI", 501, 0, "10045", "PO-88", "EUR", 123000, 73000, "1230.00", "2026-02-27",
			"2026-03-29", "2026-03-01", 0, 0, 0, "2026-03-01", "", "10045 po-88 1230.00", 123000, 73000}},
		{"contacts", n.Contacts, []any{0, "CUST0001", "Mary Byrne", "contact1@byrne1.example", "Buyer", "+353 86 555 0001", 1}},
		{"allocations", n.Allocations, []any{0, 1001, 1002, "1230.00", "2026-03-01", "2026-03-01"}},
	}
	for _, t := range tables {
		if err := t.create(ctx, db); err != nil {
			return result{}, err
		}
	}
	began := time.Now()
	for _, x := range list {
		if err := x.send(ctx, tokenise); err != nil {
			return result{}, err
		}
	}
	for _, t := range tables {
		if err := t.fill(ctx, db); err != nil {
			return result{}, err
		}
	}
	return result{Took: time.Since(began)}, nil
}

// save fetches the same bytes and puts each answer into a file of its own.
func save(ctx context.Context, _, dir string) (result, error) {
	list, _, err := leftBy(dir)
	if err != nil {
		return result{}, err
	}
	r := result{}
	began := time.Now()
	for i, x := range list {
		err := x.send(ctx, func(body io.Reader) error {
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("answer%05d.xml", i)))
			if err != nil {
				return err
			}
			n, err := io.Copy(f, body)
			r.Bytes += n
			return errors.Join(err, f.Close())
		})
		if err != nil {
			return r, err
		}
	}
	r.Took = time.Since(began)
	return r, nil
}

// send sends the request again and hands on the answer's body. Signing in is no part of a load.
func (x exchange) send(ctx context.Context, read func(io.Reader) error) error {
	if strings.Contains(x.Action, "/TokenGet") {
		return nil
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, x.URL, strings.NewReader(x.Body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "text/xml; charset=utf-8")
	q.Header.Set("SOAPAction", x.Action)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return read(resp.Body)
}

func tokenise(body io.Reader) error {
	dec := xml.NewDecoder(body)
	for {
		if _, err := dec.RawToken(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// table is so many times the same row, but for its first column, which is the key.
type table struct {
	name string
	n    int
	row  []any
}

func (t table) create(ctx context.Context, db *sql.DB) error {
	columns := make([]string, len(t.row))
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d", i)
	}
	_, err := db.ExecContext(ctx, "CREATE TABLE "+t.name+" (id INTEGER PRIMARY KEY, "+strings.Join(columns[1:], ", ")+")")
	return err
}

// fill inserts all rows in one transaction, a hundred with each statement.
func (t table) fill(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	const together = 100
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(t.row)), ",") + "),"
	head := "INSERT INTO " + t.name + " VALUES "
	stmt, err := tx.PrepareContext(ctx, head+strings.TrimSuffix(strings.Repeat(row, together), ","))
	if err != nil {
		return err
	}
	args := make([]any, 0, together*len(t.row))
	for from := 0; from < t.n; from += together {
		args = args[:0]
		for i := from; i < min(from+together, t.n); i++ {
			args = append(append(args, i), t.row[1:]...)
		}
		if len(args) < cap(args) {
			_, err = tx.ExecContext(ctx, head+strings.TrimSuffix(strings.Repeat(row, len(args)/len(t.row)), ","), args...)
		} else {
			_, err = stmt.ExecContext(ctx, args...)
		}
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
