package accountsiq

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"dunlin/core/ledger"
)

// pageReader produces an answer of GetTransactionsBy without ever holding it as a whole.
type pageReader struct {
	rows, next int
	buf        bytes.Buffer
}

func (p *pageReader) Read(b []byte) (int, error) {
	for p.buf.Len() == 0 {
		switch {
		case p.next == 0:
			p.buf.WriteString(`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body><GetTransactionsByResponse xmlns="` + namespace + `"><GetTransactionsByResult><Status>Success</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>false</HasExpired><Result>`)
		case p.next <= p.rows:
			p.row(p.next)
		case p.next == p.rows+1:
			p.buf.WriteString(`</Result></GetTransactionsByResult></GetTransactionsByResponse></soap:Body></soap:Envelope>`)
		default:
			return 0, io.EOF
		}
		p.next++
	}
	return p.buf.Read(b)
}

func (p *pageReader) row(n int) {
	fmt.Fprintf(&p.buf, `<WSTransactionSummary><AccountID>%d</AccountID><AccountCode>CUST%04d</AccountCode><Ledger>Sales</Ledger><TransactionType>SI</TransactionType><TransactionID>%d</TransactionID><IsBatchInvoiceOrNote>false</IsBatchInvoiceOrNote><InvoiceID>%d</InvoiceID><InternalNumber>%d</InternalNumber><ExternalReference>PO-%d &amp; more</ExternalReference><ControlAmount>1230.00</ControlAmount><OutstandingAmount>%d.50</OutstandingAmount><ControlBCAmount>1230.00</ControlBCAmount><TransactionDate>2026-02-27T00:00:00</TransactionDate><FinancialYear>2026</FinancialYear><PeriodNumber>2</PeriodNumber><PeriodName>February</PeriodName><CreationDate>2026-03-01T09:12:44.123</CreationDate>`,
		n%500+1, n%500+1, n, n+7, n+100000, n, n%1000)
	p.buf.WriteString(`<LineDetails>`)
	for _, control := range []bool{true, false} {
		fmt.Fprintf(&p.buf, `<WSTransactionDetail><GLAccountCode>1100</GLAccountCode><IsControlLine>%t</IsControlLine><IsTaxLine>false</IsTaxLine><IsStockLine>false</IsStockLine><Amount>1230.00</Amount><BCAmount>1230.00</BCAmount><CurrencyCode>EUR</CurrencyCode><IsReconciled>false</IsReconciled><TransactionDate xsi:nil="true" /><PeriodDate>2026-02-27T00:00:00</PeriodDate><DueDate>2026-03-29T00:00:00</DueDate><ExchangeRate>1</ExchangeRate></WSTransactionDetail>`, control)
	}
	p.buf.WriteString(`</LineDetails><CurrencyCode>EUR</CurrencyCode><PeriodDate>2026-02-27T00:00:00</PeriodDate><CreatedBy>JM</CreatedBy><AccountName>Café Ó Briain &amp; Sons</AccountName><IsReversed>false</IsReversed><IsInDispute>false</IsInDispute><NumberOfAttachments>0</NumberOfAttachments><DueDate>2026-03-29T00:00:00</DueDate></WSTransactionSummary>`)
}

// decodePage reads transactions as Client.Transactions does, without the network.
func decodePage(src io.Reader, f func(ledger.Transaction) error) error {
	s := newScanner(src)
	r := transactionRow{names: names{}}
	return readReply(s, "GetTransactionsBy", func() error {
		for depth := s.depth; s.more(depth); {
			r.read(s)
			t, err := r.finish(nil)
			if s.err != nil || err != nil {
				return errors.Join(s.err, err)
			}
			if err := f(t); err != nil {
				return err
			}
		}
		return s.err
	})
}

func BenchmarkPage(b *testing.B) {
	doc, err := io.ReadAll(&pageReader{rows: TransactionPage})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Decode", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			rows := 0
			if err := decodePage(bytes.NewReader(doc), func(ledger.Transaction) error { rows++; return nil }); err != nil || rows != TransactionPage {
				b.Fatal(rows, err)
			}
		}
	})
	b.Run("Scanner", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			s := newScanner(bytes.NewReader(doc))
			for ev := s.step(false); ev != evDone; ev = s.step(false) {
				if ev == evFail {
					b.Fatal(s.err)
				}
			}
		}
	})
	b.Run("RawToken", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			d := xml.NewDecoder(bytes.NewReader(doc))
			for {
				if _, err := d.RawToken(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// A page is never held as a whole: what is alive while reading stays the same however many rows
// come, and each row costs only its own few texts.
func TestPagesStream(t *testing.T) {
	const rows = 40_000
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	var highest uint64
	seen := 0
	err := decodePage(&pageReader{rows: rows}, func(tx ledger.Transaction) error {
		if seen++; tx.ID != int64(seen) {
			t.Fatalf("row %d has id %d", seen, tx.ID)
		}
		if seen%10_000 == 0 {
			highest = max(highest, live())
		}
		return nil
	})
	if err != nil || seen != rows {
		t.Fatalf("%d rows, %v", seen, err)
	}
	if highest > before+4<<20 {
		t.Errorf("%d bytes alive while reading, %d before", highest, before)
	}
	doc, _ := io.ReadAll(&pageReader{rows: 1000})
	allocs := testing.AllocsPerRun(5, func() {
		_ = decodePage(bytes.NewReader(doc), func(ledger.Transaction) error { return nil })
	})
	if perRow := allocs / 1000; perRow > 10 {
		t.Errorf("%.1f allocations a row", perRow)
	}
}
