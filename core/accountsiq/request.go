package accountsiq

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

const (
	namespace    = "http://www.visorsoftware.com/visor/accountsiq/dashboard/Integration/"
	envelopeOpen = `<?xml version="1.0" encoding="utf-8"?>` +
		`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`
	envelopeClose = `</soap:Envelope>`
)

// body writes the arguments of an operation, in the order of the contract.
type body struct{ b bytes.Buffer }

func (w *body) open(name string) {
	w.b.WriteByte('<')
	w.b.WriteString(name)
	w.b.WriteByte('>')
}

func (w *body) close(name string) {
	w.b.WriteString("</")
	w.b.WriteString(name)
	w.b.WriteByte('>')
}

func (w *body) text(name, value string) {
	w.open(name)
	_ = xml.EscapeText(&w.b, []byte(value)) // a bytes.Buffer does not fail
	w.close(name)
}

// optional leaves the element out when there is no value, as the provider's samples do.
func (w *body) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *body) int(name string, n int64) { w.text(name, strconv.FormatInt(n, 10)) }

func (w *body) bool(name string, v bool) { w.text(name, strconv.FormatBool(v)) }

// null writes an element that may not be left out and has no value.
func (w *body) null(name string) { w.b.WriteString("<" + name + ` xsi:nil="true" />`) }

func (w *body) strings(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.open(name)
	for _, v := range values {
		w.text("string", v)
	}
	w.close(name)
}

func (w *body) ints(name string, values []int64) {
	if len(values) == 0 {
		return
	}
	w.open(name)
	for _, v := range values {
		w.int("int", v)
	}
	w.close(name)
}

// envelope returns the whole request of an operation. token is what the session holds, "" for the
// operations that fetch one; entity is the company of Integration 2.0, left out while unknown.
func (v version) envelope(op, entity, token string, args func(*body)) []byte {
	var w body
	w.b.WriteString(envelopeOpen)
	if v == version2 && token != "" {
		w.open("soap:Header")
		w.b.WriteString(`<AiqSoapHeader xmlns="` + namespace + `">`)
		w.optional("Entity", entity)
		w.text("AccessToken", token)
		w.close("AiqSoapHeader")
		w.close("soap:Header")
	}
	w.open("soap:Body")
	w.b.WriteString("<" + op + ` xmlns="` + namespace + `">`)
	if v == version1 && token != "" {
		w.text("token", token)
	}
	if args != nil {
		args(&w)
	}
	w.close(op)
	w.close("soap:Body")
	w.b.WriteString(envelopeClose)
	return w.b.Bytes()
}
