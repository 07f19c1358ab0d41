package assets_test

import (
	"testing"

	"dunlin/assets"
	"dunlin/core/mail"
)

// TestTemplates: all supplied templates are built in and without problems.
func TestTemplates(t *testing.T) {
	list, err := mail.LoadTemplates(assets.Templates())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, tpl := range list {
		names[tpl.Name] = true
	}
	for _, part := range []string{"before_due", "overdue", "thanks", "statement", "forewarn"} {
		for _, multi := range []bool{false, true} {
			if name := mail.DefaultTemplate(part, 1, 4, false, multi); !names[name] {
				t.Errorf("%s is not there", name)
			}
		}
	}
}
