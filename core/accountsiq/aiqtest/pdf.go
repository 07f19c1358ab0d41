package aiqtest

import (
	"bytes"
	"fmt"
	"strings"
)

// invoicePDF is a plain one-page copy of a document, enough to be opened, attached and read.
func invoicePDF(company, style string, d docRow) []byte {
	title := "Invoice"
	if d.Type == "SN" {
		title = "Credit note"
	}
	lines := []string{company, title + " " + d.Number, "To: " + d.AccountName, d.customer.Address.Line1,
		d.customer.Address.City, "Date: " + d.Issued.String(), "Due: " + d.Due.String(), "Reference: " + d.Reference,
		d.Description, "Net " + netOf(d.Amount, d.Tax).String() + "   VAT " + d.Tax.String(),
		"Total " + d.Amount.Currency + " " + d.Amount.String()}
	if style != "" {
		lines = append(lines, "Layout: "+style)
	}
	var page strings.Builder
	page.WriteString("BT /F1 12 Tf 16 TL 60 780 Td\n")
	for _, l := range lines {
		fmt.Fprintf(&page, "(%s) Tj T*\n", pdfText(l))
	}
	page.WriteString("ET")
	return pdfFile(
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	)
}

// pdfFile puts numbered objects into a file with its cross-reference table.
func pdfFile(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// pdfText writes a string of the page in WinAnsi, with octal escapes; what that cannot hold is a "?".
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r >= 0xa0 && r <= 0xff:
			fmt.Fprintf(&b, "\\%03o", r)
		case r < ' ':
			b.WriteByte(' ')
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
