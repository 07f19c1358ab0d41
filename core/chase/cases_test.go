package chase

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	_ "time/tzdata" // the tests need the same zones on every machine
)

// expectation is one entry of a .want.json file: the case file planned at another moment or with some of
// its top-level fields replaced, and what must come out. Only the fields that are named are compared;
// lists are compared whole.
type expectation struct {
	Why    string
	At     string
	Change map[string]any
	Result any
	Ahead  any // the runs of the next 60 days
}

// TestCases replays the case files of testdata, whose results were reckoned by hand from the rulebook.
// Those named C-n come from the cases that peers test, those named G from what no peer tests.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.want.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases found: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".want.json")
		t.Run(name, func(t *testing.T) {
			var wants []expectation
			readJSON(t, file, &wants)
			for i, want := range wants {
				t.Run(fmt.Sprintf("%d %s", i, want.Why), func(t *testing.T) { want.check(t, name) })
			}
		})
	}
}

func (e expectation) check(t *testing.T, name string) {
	var fields map[string]any
	readJSON(t, "testdata/"+name+".json", &fields)
	if e.At != "" {
		fields["now"] = e.At
	}
	for field, value := range e.Change {
		fields[field] = value
	}
	in, err := DecodeCase(bytes.NewReader(encoded(t, fields)))
	if err != nil {
		t.Fatal(err)
	}
	if e.Result == nil && e.Ahead == nil {
		t.Fatal("expects nothing")
	}
	if e.Result != nil {
		contains(t, "result", e.Result, generic(t, Plan(in)))
	}
	if e.Ahead != nil {
		contains(t, "ahead", e.Ahead, generic(t, Ahead(in, 60)))
	}
}

// contains checks that got has everything that want names.
func contains(t *testing.T, path string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s = %v, want %v", path, got, want)
			return
		}
		for field, value := range want {
			if _, there := have[field]; !there {
				t.Errorf("%s has no field %s", path, field)
			}
			contains(t, path+"."+field, value, have[field])
		}
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			t.Errorf("%s = %s, want %s", path, encoded(t, got), encoded(t, want))
			return
		}
		for i := range want {
			contains(t, fmt.Sprintf("%s[%d]", path, i), want[i], have[i])
		}
	default:
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func generic(t *testing.T, v any) (out any) {
	t.Helper()
	if err := json.Unmarshal(encoded(t, v), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
