package core_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
)

// The moments of a call to AccountsIQ at which a test can look in.
const (
	before = "before" // nothing was sent
	after  = "after"  // the answer has been read whole
)

// wire is the way to AccountsIQ, with a test listening in.
type wire struct {
	heard func(op, moment string)
}

func (t *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	op := action[strings.LastIndexByte(action, '/')+1:]
	if t.heard != nil {
		t.heard(op, before)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if t.heard != nil {
		t.heard(op, after)
	}
	return res, nil
}

// listen opens the program anew so that the test hears its calls.
func (w *world) listen() *wire {
	w.t.Helper()
	t := &wire{}
	w.app.StopClerk()
	w.must(w.app.Close())
	w.openOver(t)
	return t
}

func (w *world) openOver(t *wire) {
	w.t.Helper()
	var err error
	w.app, err = core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"),
		HTTP: &http.Client{Transport: t}, NewID: func() string { w.ids++; return fmt.Sprintf("id-%04d", w.ids) }}, filepath.Join(w.dir, "data"))
	w.must(err)
}

// serveAs puts another server of the same company in the place of the present one, before anything is connected.
func (w *world) serveAs(change func(*aiqtest.Options)) {
	w.t.Helper()
	w.must(w.aiq.Close())
	o := aiqtest.Options{Now: w.clock, Company: w.company}
	change(&o)
	var err error
	w.aiq, err = aiqtest.Start(o)
	w.must(err)
}

// killed is what a hook panics with where the program dies.
type killed struct{}

// dies runs work until the program dies in it, and starts it anew. What dies is not waited for by anybody.
func (w *world) dies(work func()) {
	w.t.Helper()
	died := func() (died bool) {
		defer func() {
			if r := recover(); r != nil {
				if _, ours := r.(killed); !ours {
					panic(r)
				}
				died = true
			}
		}()
		work()
		return false
	}()
	if !died {
		w.t.Fatal("it did not die")
	}
	w.restart()
}

// dieAt makes the n-th time that a moment of an operation comes the last.
func (t *wire) dieAt(op, moment string, n int) {
	t.heard = func(o, m string) {
		if o == op && m == moment {
			if n--; n == 0 {
				panic(killed{})
			}
		}
	}
}

// on switches a setting.
func (w *world) on(key, value string) {
	w.t.Helper()
	w.must(w.app.SetSetting(w.ctx, key, value))
}
