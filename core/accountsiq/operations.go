package accountsiq

// right is what an operation does over there, by the permission note of the contract (section 7).
type right int

const (
	unlisted right = iota
	signsIn        // fetches a token and changes nothing
	reads
	writes // changes the company's records; never sent again while it is in doubt
)

// operations is everything that this package can send: what is not listed is never sent.
var operations = map[string]right{
	"Login":        signsIn,
	"TokenGet":     signsIn,
	"TokenRefresh": signsIn,

	"GetEntitiesByToken":                             reads,
	"GetCompanyInformation":                          reads,
	"GetCurrencies":                                  reads,
	"GetCreditTermList":                              reads,
	"GetCustomerList":                                reads,
	"GetCustomersBy":                                 reads,
	"GetAllCustomerContacts":                         reads,
	"GetCountTransactionsBy":                         reads,
	"GetTransactionsBy":                              reads,
	"GetTransactionsModifiedBy":                      reads,
	"GetAllocationsBetweenWithCreationDatePaged":     reads,
	"GetAllocationsByTransactionId":                  reads,
	"GetInvoicesBy":                                  reads,
	"GetCustomerBalanceInformation":                  reads,
	"GetReportStyles":                                reads,
	"GetInvoicePDFByTransactionID":                   reads,
	"GetInvoicePDFByTransactionIDAndReportStyleName": reads,
	"GetNotesList":                                   reads,

	"AddNotes":            writes,
	"DisputeTransactions": writes,
}
