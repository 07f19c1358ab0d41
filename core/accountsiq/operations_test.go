package accountsiq

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
)

// Of everything that can be sent only two operations write, by the permission note of the contract (7, column
// "Right"). The three that sign in have no note; GetCurrencyExchangeRate, which would need write permission for a
// read, is not among them.
func TestWhatCanBeSent(t *testing.T) {
	contract := map[string]string{
		"Login": "not stated", "TokenGet": "not stated", "TokenRefresh": "not stated",
		"GetEntitiesByToken": "Read", "GetCompanyInformation": "Read", "GetCurrencies": "Read", "GetCreditTermList": "Read",
		"GetCustomerList": "Read", "GetCustomersBy": "Read", "GetAllCustomerContacts": "Read",
		"GetCountTransactionsBy": "Read", "GetTransactionsBy": "Read", "GetTransactionsModifiedBy": "Read",
		"GetAllocationsBetweenWithCreationDatePaged": "Read", "GetAllocationsByTransactionId": "Read",
		"GetInvoicesBy": "Read", "GetCustomerBalanceInformation": "Read",
		"GetReportStyles": "Read", "GetInvoicePDFByTransactionID": "Read", "GetInvoicePDFByTransactionIDAndReportStyleName": "Read",
		"GetNotesList": "Read", "AddNotes": "Write", "DisputeTransactions": "Write",
	}
	kind := map[string]right{"not stated": signsIn, "Read": reads, "Write": writes}
	var writing []string
	for op, got := range operations {
		if note, ok := contract[op]; !ok || kind[note] != got {
			t.Errorf("%s: the contract says %q", op, note)
		}
		if got == writes {
			writing = append(writing, op)
		}
	}
	if slices.Sort(writing); !slices.Equal(writing, []string{"AddNotes", "DisputeTransactions"}) {
		t.Errorf("writing operations: %v", writing)
	}

	// The calls of the client send all of the list and nothing else.
	sent := map[string]bool{}
	for _, auth := range []Auth{oauth, userKey} {
		f := newFake(t)
		c := connect(t, f.URL, auth)
		everyCall(c)
		f.say("GetCreditTermList", failure("GetCreditTermList", "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"))
		_, _ = c.CreditTerms(context.Background()) // brings on TokenRefresh
		for _, op := range f.calls {
			sent[op] = true
		}
	}
	for op := range contract {
		if operations[op] == unlisted {
			t.Errorf("%s is not in the list of operations", op)
		}
	}
	if got, want := slices.Sorted(maps.Keys(sent)), slices.Sorted(maps.Keys(operations)); !slices.Equal(got, want) {
		t.Errorf("sent   %v\nlisted %v", got, want)
	}
}

func TestWhatIsNotListedIsNotSent(t *testing.T) {
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	for _, op := range []string{"UpdateCustomer", "UnallocateTransactions", ""} {
		if err := c.call(context.Background(), op, nil, func(*attempt) error { return nil }); !errors.Is(err, Query) {
			t.Errorf("%s: %v", op, err)
		}
		if n := f.count(op); n != 0 {
			t.Errorf("%s was sent", op)
		}
	}
}
