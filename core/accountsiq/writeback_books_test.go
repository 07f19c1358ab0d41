package accountsiq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
)

// Notes, disputes, layouts and copies against a company, under both generations, with tokens that expire at each
// call and with elements that are new.
func TestWriteBack(t *testing.T) {
	for _, auth := range []accountsiq.Auth{application, user} {
		for _, sig := range []aiqtest.Signal{aiqtest.ByBoth, aiqtest.ByCode, aiqtest.ByFlag} {
			o := aiqtest.Options{Extra: true, Company: aiqtest.Seeded(7, now, aiqtest.DemoSize)}
			s := serve(t, o)
			s.Fail(aiqtest.Fault{Kind: aiqtest.FailExpire, Signal: sig, Every: 2})
			writeBack(t, dial(t, s, auth), o.Company)
		}
	}
}

func writeBack(t *testing.T, c *accountsiq.Client, books *aiqtest.Company) {
	t.Helper()
	ctx := context.Background()
	cu, tx := books.Customers()[0], books.Transactions()[0]
	id, item := fmt.Sprint(cu.AccountID), fmt.Sprint(tx.ID)
	const text = "Reminder sent to <ap@acme.example> & co.\n[dunlin 4f21ab3c]"
	must(t, c.AddNote(ctx, accountsiq.OnCustomer, id, text))
	must(t, c.AddNote(ctx, accountsiq.OnTransaction, item, "x"))
	for on, want := range map[accountsiq.NoteOn]string{accountsiq.OnCustomer: text, accountsiq.OnTransaction: "x"} {
		notes, err := c.Notes(ctx, on, map[accountsiq.NoteOn]string{accountsiq.OnCustomer: id, accountsiq.OnTransaction: item}[on])
		if must(t, err); len(notes) != 1 || notes[0].Text != want || notes[0].ID == 0 {
			t.Errorf("notes on %s: %+v", on, notes)
		}
	}
	if n := len(books.Notes()); n != 2 {
		t.Errorf("%d notes were written", n)
	}
	if notes, err := c.Notes(ctx, accountsiq.OnCustomer, "999999"); err != nil || len(notes) != 0 {
		t.Errorf("%v %v", notes, err)
	}
	for name, note := range map[string]struct{ id, text string }{"the code": {cu.Code, "x"}, "no text": {id, ""}, "no id": {"", "x"},
		"too long": {id, strings.Repeat("é", 501)}} {
		if err := c.AddNote(ctx, accountsiq.OnCustomer, note.id, note.text); !errors.Is(err, accountsiq.Refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, on := range []bool{true, false} {
		verdicts, err := c.Dispute(ctx, []int64{tx.ID, 1, tx.ID + 1}, on)
		if must(t, err); len(verdicts) != 3 || verdicts[0] != nil || !errors.Is(verdicts[1], accountsiq.Gone) || verdicts[2] != nil {
			t.Errorf("%v", verdicts)
		}
		for _, id := range []int64{tx.ID, tx.ID + 1} {
			if got, _ := books.Transaction(id); got.Disputed != on {
				t.Errorf("transaction %d: disputed %v", id, got.Disputed)
			}
		}
	}
	styles, err := c.ReportStyles(ctx)
	if must(t, err); fmt.Sprint(styles) != fmt.Sprint(books.Styles) || len(styles) < 2 {
		t.Errorf("%v", styles)
	}
	printed := false
	for _, tx := range books.Transactions() {
		if tx.Document == 0 || printed {
			continue
		}
		plain, err := c.InvoicePDF(ctx, tx.ID, "")
		must(t, err)
		styled, err := c.InvoicePDF(ctx, tx.ID, styles[1])
		must(t, err)
		if bytes.Contains(plain, []byte("Layout:")) || !bytes.Contains(styled, []byte("Layout: "+styles[1])) {
			t.Errorf("%q\n%q", plain, styled)
		}
		if _, err := c.InvoicePDF(ctx, tx.ID, "Unknown"); !errors.Is(err, accountsiq.PDF) {
			t.Error(err)
		}
		printed = true
	}
	if !printed {
		t.Error("no copy was looked at")
	}
}

func TestWriteBackWithoutPermission(t *testing.T) {
	s := serve(t, aiqtest.Options{ReadOnly: true})
	c := dial(t, s, application)
	ctx := context.Background()
	if err := c.AddNote(ctx, accountsiq.OnCustomer, "7", "x"); !errors.Is(err, accountsiq.Permission) {
		t.Error(err)
	}
	if _, err := c.Dispute(ctx, []int64{1001}, true); !errors.Is(err, accountsiq.Permission) {
		t.Error(err)
	}
}

// A note whose answer is lost is there once: the client does not send it again on its own.
func TestNoteWithALostAnswer(t *testing.T) {
	for _, kind := range []aiqtest.FaultKind{aiqtest.FailDropAfter, aiqtest.FailCut, aiqtest.FailCutOff} {
		s := serve(t, aiqtest.Options{})
		c := dial(t, s, application)
		ctx := context.Background()
		if _, err := c.Notes(ctx, accountsiq.OnCustomer, "7"); err != nil { // a connection that is used again
			t.Fatal(err)
		}
		s.Fail(aiqtest.Fault{Op: "AddNotes", Kind: kind})
		var e *accountsiq.Error
		if err := c.AddNote(ctx, accountsiq.OnCustomer, "7", "once"); !errors.As(err, &e) || !e.Temporary() {
			t.Errorf("%v", err)
		}
		notes, err := c.Notes(ctx, accountsiq.OnCustomer, "7")
		if must(t, err); len(notes) != 1 || s.Calls("AddNotes") != 1 {
			t.Errorf("%d notes after %d calls", len(notes), s.Calls("AddNotes"))
		}
	}
}

// Books that change between any two calls still come over whole once they rest.
func TestBooksComeOverAfterAnyChange(t *testing.T) {
	books := aiqtest.Seeded(11, now, aiqtest.DemoSize)
	s := serve(t, aiqtest.Options{Company: books, Extra: true})
	c := dial(t, s, application)
	r := rand.New(rand.NewPCG(3, 3))
	for range 5 {
		for range 80 {
			books.Mutate(r)
		}
		compareCustomers(t, c, books)
		compareTransactions(t, c, books)
	}
}
