package accountsiq

// The sentences of everything that can go wrong, in one place. Codes are stable: the command line
// prints them and the screens choose by them.

var (
	pBadLocation = problem{kind: Input, code: "bad_location",
		message: "This is neither a location of AccountsIQ nor the address of one.",
		hint:    "Choose UK1, EU1, EU2 or US1, or paste the address that your browser shows while you are signed in to AccountsIQ."}
	pInsecureLocation = problem{kind: Input, code: "insecure_location",
		message: "This address does not use a secure connection.",
		hint:    "Use an address that starts with https."}
	pMissingCompany = problem{kind: Input, code: "missing_company",
		message: "The Company ID is missing.",
		hint:    "In AccountsIQ open Setup, then Company Details & Settings, and copy the Company ID."}
	pMissingKey = problem{kind: Input, code: "missing_key",
		message: "A key for the sign-in is missing.",
		hint:    "Enter the User Key, or the client ID and the client secret."}
	pBadID = problem{kind: Input, code: "bad_id",
		message: "An id lies outside the numbers that AccountsIQ uses.",
		hint:    "Please send us the log."}
)

// Connection and answer.
var (
	pNoName = problem{kind: Network, code: "network", temporary: true,
		message: "The name of the AccountsIQ server could not be found.",
		hint:    "Check the internet connection and, if you typed it, the address."}
	pRefusedConnection = problem{kind: Network, code: "network", temporary: true,
		message: "The AccountsIQ server refuses the connection.",
		hint:    "Check the address, or try again later."}
	pNetwork = problem{kind: Network, code: "network", temporary: true,
		message: "There is no connection to AccountsIQ.",
		hint:    "Check the internet connection and try again."}
	pUnknownAuthority = problem{kind: TLS, code: "tls", temporary: true,
		message: "The certificate of the server comes from an authority that this computer does not trust.",
		hint:    "Check whether a firewall or virus scanner opens secure connections, and the address."}
	pWrongHost = problem{kind: TLS, code: "tls", temporary: true,
		message: "The certificate of the server belongs to another address.",
		hint:    "Check the address; on a public network sign in to the network first."}
	pCertificateDate = problem{kind: TLS, code: "tls", temporary: true,
		message: "The certificate of the server is not valid today.",
		hint:    "Check the date and time of this computer."}
	pOldTLS = problem{kind: TLS, code: "tls", temporary: true,
		message: "The server only offers outdated encryption.",
		hint:    "Check the address, or ask whoever runs the server."}
	pTLS = problem{kind: TLS, code: "tls", temporary: true,
		message: "No secure connection to AccountsIQ could be made.",
		hint:    "Check the address and whether a firewall stands in between."}
	pTimeout = problem{kind: Timeout, code: "timeout", temporary: true,
		message: "AccountsIQ did not answer in time.",
		hint:    "Try again later."}
	pCancelled = problem{kind: Cancelled, code: "cancelled",
		message: "The job was stopped.",
		hint:    "Start it again when you like."}
	pRedirect = problem{kind: AtLocation, code: "redirected",
		message: "The server sends us on to another address, and keys are never sent elsewhere.",
		hint:    "Check the location; on a public network sign in to the network first."}
	pUnauthorised = problem{kind: Credentials, code: "refused_key",
		message: "The server refused the sign-in (HTTP 401).",
		hint:    "Check the location and the keys."}
	pForbidden = problem{kind: Permission, code: "no_permission",
		message: "The server does not let us in (HTTP 403).",
		hint:    "Check the location, and whether a firewall stands in between."}
	pNoService = problem{kind: AtLocation, code: "wrong_location",
		message: "There is no AccountsIQ service at this address (HTTP 404).",
		hint:    "Check the location: it is the first part of the address that your browser shows in AccountsIQ."}
	pTooManyCalls = problem{kind: Throttled, code: "throttled", temporary: true,
		message: "AccountsIQ asked us to slow down.",
		hint:    "The program tries again later."}
	pServerError = problem{kind: Server, code: "server_fault", temporary: true,
		message: "AccountsIQ has a problem on its side.",
		hint:    "Try again later."}
	pHTTPStatus = problem{kind: Answer, code: "http_status", temporary: true,
		message: "The server did not give the expected kind of answer.",
		hint:    "Check the location, or try again later."}
	pWebPage = problem{kind: Answer, code: "not_soap", temporary: true,
		message: "The server answered with a web page instead of data.",
		hint:    "Check the location; on a public network sign in to the network first."}
	pNotSOAP = problem{kind: Answer, code: "not_soap", temporary: true,
		message: "The answer does not come from an AccountsIQ service.",
		hint:    "Check the location, or try again later."}
	pEmptyAnswer = problem{kind: Answer, code: "not_soap", temporary: true,
		message: "The server gave an empty answer.",
		hint:    "Check the location, or try again later."}
	pTruncated = problem{kind: Answer, code: "truncated", temporary: true,
		message: "The answer of AccountsIQ broke off before its end.",
		hint:    "Check the internet connection and try again."}
	pTooLarge = problem{kind: TooLarge, code: "too_large",
		message: "The answer of AccountsIQ is larger than this program accepts.",
		hint:    "Please send us the log."}
	pBadAnswer = problem{kind: Answer, code: "bad_answer",
		message: "The answer of AccountsIQ could not be read.",
		hint:    "Nothing was changed. Please send us the log."}
	pNoResult = problem{kind: Answer, code: "no_result",
		message: "AccountsIQ answered without a result.",
		hint:    "Nothing was changed. Try again later."}
	pFault = problem{kind: Server, code: "server_fault", temporary: true,
		message: "AccountsIQ could not carry out the request.",
		hint:    "Try again later; if it stays, please send us the log."}
	pNotOffered = problem{kind: NotOffered, code: "not_offered",
		message: "This installation of AccountsIQ does not offer the function.",
		hint:    "The program goes on without it."}
)

// What AccountsIQ itself reports, by group of contract section 6.
var (
	pCredentialsMissing = problem{kind: Credentials, code: "missing_key",
		message: "The client ID or the client secret is missing.",
		hint:    "Enter both in the connection form."}
	pWrongLocation = problem{kind: AtLocation, code: "wrong_location",
		message: "AccountsIQ does not know this application here.",
		hint:    "Check the client ID and the location (the first part of your AccountsIQ address)."}
	pRefusedClient = problem{kind: Credentials, code: "refused_key",
		message: "AccountsIQ refused the client ID and secret.",
		hint:    "Check both, and the location (the first part of your AccountsIQ address)."}
	pRefusedKey = problem{kind: Credentials, code: "refused_key",
		message: "AccountsIQ refused the Company ID and User Key.",
		hint:    "Check the location, look for stray spaces or commas, and make sure that Save was pressed in AccountsIQ after the User Key was requested."}
	pNoPartnerKey = problem{kind: Credentials, code: "refused_key",
		message: "AccountsIQ refused the Company ID and User Key.",
		hint:    "Check the location, look for stray spaces or commas, and make sure that Save was pressed in AccountsIQ after the User Key was requested. It may also want a partner key: ask AccountsIQ, or sign in with an integration application instead."}
	pStrayCharacters = problem{kind: Credentials, code: "stray_characters",
		message: "AccountsIQ refused the sign-in, and there are unusual characters in the ID or in a key.",
		hint:    "Copy the ID and the key again without spaces, commas or quotes."}
	pRevoked = problem{kind: Credentials, code: "app_revoked",
		message: "The access of this application was withdrawn in AccountsIQ.",
		hint:    "Ask your integration administrator."}
	pSession = problem{kind: Session, code: "session_refused",
		message: "AccountsIQ no longer accepts our session, and a new sign-in did not help.",
		hint:    "Set up the connection again."}
	pUnknownCompany = problem{kind: AtCompany, code: "unknown_company",
		message: "The chosen company is not reachable with this application.",
		hint:    "Choose the company again."}
	pNoPermission = problem{kind: Permission, code: "no_permission",
		message: "The application or user may not do this in AccountsIQ.",
		hint:    "Ask your AccountsIQ administrator for the permission."}
	pInactive = problem{kind: AtCompany, code: "company_inactive",
		message: "This company is inactive in AccountsIQ.",
		hint:    "Ask AccountsIQ to activate it, or choose another company."}
	pRefusedSignIn = problem{kind: Credentials, code: "refused_key",
		message: "AccountsIQ refused the sign-in.",
		hint:    "Check the location and the keys in the connection form."}
	pSetup = problem{kind: Server, code: "server_problem", temporary: true,
		message: "AccountsIQ has a problem on its side.",
		hint:    "Try again later; if it stays, tell AccountsIQ the code."}
	pQueryTooBig = problem{kind: QueryTooBig, code: "query_too_big",
		message: "AccountsIQ could not answer so large a question.",
		hint:    "The program asks again in smaller parts."}
	pQuery = problem{kind: Query, code: "internal",
		message: "An internal error: AccountsIQ did not accept a question of this program.",
		hint:    "Please send us the log."}
	pBusy = problem{kind: Busy, code: "busy", temporary: true,
		message: "AccountsIQ is busy with another job.",
		hint:    "The program tries again later."}
	pGone = problem{kind: Gone, code: "gone",
		message: "This item no longer exists in AccountsIQ.",
		hint:    "It disappears here after the next full sync."}
	pNote = problem{kind: Refused, code: "note_refused",
		message: "The note could not be stored in AccountsIQ.",
		hint:    "The note is kept here; try again later."}
	pDispute = problem{kind: Refused, code: "dispute_refused",
		message: "The dispute flag could not be set in AccountsIQ.",
		hint:    "Set it in AccountsIQ."}
	pInDoubt = problem{kind: Answer, code: "in_doubt", temporary: true,
		message: "AccountsIQ did not say clearly whether it took the change.",
		hint:    "Look in AccountsIQ before the change is made again."}
	pVerdicts = problem{kind: Answer, code: "bad_answer",
		message: "AccountsIQ did not say of every invoice what became of its dispute flag.",
		hint:    "Look at the invoices in AccountsIQ."}
	pOutdated = problem{kind: Refused, code: "outdated_record", temporary: true,
		message: "Someone else changed the record in the meantime.",
		hint:    "Try again."}
	pNoPDF = problem{kind: PDF, code: "pdf_unavailable",
		message: "The copy of the invoice is not available.",
		hint:    "Send the message without it, or attach the invoice by hand."}
	pGroupCompany = problem{kind: AtCompany, code: "group_company",
		message: "This is a group company without a sales ledger of its own.",
		hint:    "Choose another company."}
	pUpdate = problem{kind: NotOffered, code: "program_outdated",
		message: "AccountsIQ has withdrawn a function that this program uses.",
		hint:    "Please update the program."}
	pReported = problem{kind: Reported, code: "reported",
		message: "AccountsIQ reported an error.",
		hint:    "Try again later; if it stays, tell AccountsIQ the code."}
)

// codeGroups maps the codes of contract section 6 to what they mean. The codes that speak of the
// token itself are in tokenCodes.
var codeGroups = groupCodes(
	codeGroup{pCredentialsMissing, []string{"OAUTH_INTEGRATION_APPS_CLIENTID_IS_NULL_OR_EMPTY",
		"OAUTH_INTEGRATION_APPS_CLIENTSECRET_IS_NULL_OR_EMPTY", "OAUTH_INTEGRATION_APPS_APP_AIQ_CLIENT_SECRET_NULL_OR_EMPTY"}},
	codeGroup{pWrongLocation, []string{"OAUTH_INTEGRATION_APPS_UNABLE_TO_PARSE_GUID_TO_STRING", "OAUTH_INTEGRATION_APPS_APP_NOT_FOUND",
		"OAUTH_INTEGRATION_APPS_USER_NOT_FOUND", "SHARDING_USER_DOES_NOT_EXIST_IN_SHARD"}},
	codeGroup{pRevoked, []string{"OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED"}},
	codeGroup{pUnknownCompany, []string{"OAUTH_INTEGRATION_APPS_NO_ENTITY_PROVIDED_IN_HEADER",
		"OAUTH_INTEGRATION_APPS_AIQ_SOAP_HEADER_MISMATCH", "API_LAYER_ENTITY_ID_NOT_FOUND", "ENTITY_IS_NULL", "ENTITY_ID_IS_NULL",
		"CURRENT_ENTITY_IS_UNSPECIFIED"}},
	codeGroup{pNoPermission, []string{"OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION", "SECURITY_ACCESS_DENIED",
		"NOT_AUTHORIZED", "READ_ONLY"}},
	codeGroup{pTooManyCalls, []string{"OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS", "OAUTH_INTEGRATION_APPS_RATE_LIMIT_REACHED"}},
	codeGroup{pInactive, []string{"CANNOT_LOGIN_TO_INACTIVE_COMPANY", "CANNOT_LOGIN_TO_COMPANY_IN_INACTIVE_PROVIDER"}},
	codeGroup{pRefusedSignIn, []string{"CANNOT_LOGIN_INVALID_CREDENTIALS", "CANNOT_LOGIN_INVALID_LOGIN_STATE",
		"TFA_ENTITY_USER_NOT_SUPPORTED", "INVALID_USER", "USER_DOES_NOT_EXIST"}},
	codeGroup{pSetup, []string{"OAUTHCONFIGURATION_TENANT_ID_NOT_FOUND", "OAUTHCONFIGURATION_TENANT_NAME_NOT_FOUND",
		"OAUTHCONFIGURATION_WELL_KNOWN_URL_NOT_FOUND", "OAUTHCONFIGURATION_CLIENT_CREDENTIALS_POLICY_NAME_NOT_FOUND",
		"OAUTHCONFIGURATION_ISSUER_NOT_FOUND", "OAUTHCONFIGURATION_AUDIENCE_NOT_FOUND", "CONFIGURATION_ERROR"}},
	codeGroup{pQueryTooBig, []string{"GETTRANSACTIONSBY_QUERY_TIMEOUT", "TOO_MANY_QUERY_FILTERS"}},
	codeGroup{pQuery, []string{"MISSING_QUERY_PARAMETER", "INVALID_QUERY", "INVALID_QUERY_MISSING_EXTERNAL_REFERENCE",
		"INVALID_TYPE_IN_QUERY", "GETINVOICESBY_BAD_FIELD_NAME", "GETTRANSACTIONSBY_ERROR_WHILE_FINDING_TRANSACTIONS",
		"DATE_IS_OUT_OF_RANGE", "OUT_OF_RANGE_SYNCH_DATE", "BAD_REQUEST", "LEDGER_UNKNOWN", "NO_CUSTOMER_CODES_PROVIDED"}},
	codeGroup{pBusy, []string{"OTHER_OPERATION_IN_PROGRESS_RETRY_LATER", "JOB_RUNNING"}},
	codeGroup{pGone, []string{"NOT_FOUND", "CUSTOMER_CODE_DOES_NOT_EXIST", "CUSTOMER_ID_DOES_NOT_EXIST", "ACCOUNT_ID_DOES_NOT_EXIST",
		"ACCOUNT_CODE_DOES_NOT_EXISTS", "INVOICE_ID_DOES_NOT_EXIST", "TRANSACTION_NOT_FOUND", "TRANSACTION_ID_IS_INVALID",
		"DOCUMENT_NOT_FOUND", "NOTE_NOT_FOUND"}},
	codeGroup{pNote, []string{"NOTES_IS_TOO_LONG", "NOTES_MASTER_ID_IS_NULL", "NOTES_MASTER_ID_IS_EMPTY", "NOTES_MASTER_ID_IS_TOO_LONG",
		"NOTES_CONTENT_IS_NULL", "NOTES_CONTENT_IS_EMPTY", "NOTES_CONTENT_IS_TOO_LONG", "CANNOT_EDIT_READONLY_NOTE",
		"CONNECTION_IS_NULL_OR_NOTE_IS_NULL", "CONNECTION_IS_NULL_OR_SYSOBJ_ID_OR_MASTER_ID_IS_INVALID"}},
	codeGroup{pDispute, []string{"TRANSACTION_DISPUTE_FAILED", "TRANSACTION_IS_NOT_EDITABLE"}},
	codeGroup{pOutdated, []string{"OUTDATED_RECORD"}},
	codeGroup{pNoPDF, []string{"REPORT_STYLE_NAME_IS_INVALID", "UNABLE_TO_DETERMINE_DOCUMENT_MASTER", "DOCUMENT_MASTERTYPE_IS_INVALID",
		"DOCUMENT_MASTER_ID_MUST_BE_POSITIVE"}},
	codeGroup{pGroupCompany, []string{"INVALID_OPERATION_ON_CONSOLIDATION_COMPANY", "FORBIDDEN_CUSTOMER_SUPPLIER_MASTER"}},
	codeGroup{pUpdate, []string{"API_DEPRECATED_FEATURE"}},
)

type codeGroup struct {
	problem problem
	codes   []string
}

func groupCodes(groups ...codeGroup) map[string]problem {
	m := make(map[string]problem)
	for _, g := range groups {
		for _, c := range g.codes {
			m[c] = g.problem
		}
	}
	return m
}

// remedy is what can be done about a refused token.
type remedy int

const (
	none    remedy = iota
	refresh        // the token has expired: renew it
	signIn         // the token is bad, or cannot be renewed: sign in again
)

// tokenCodes are the codes that speak of the token and what helps (contract 5.1).
var tokenCodes = map[string]remedy{
	"OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED":                              refresh,
	"OAUTHCONFIGURATION_TOKEN_EXPIRED":                                  refresh,
	"OAUTH_INTEGRATION_APPS_REFRESH_TOKEN_EXPIRED":                      signIn,
	"OAUTH_INTEGRATION_APPS_TOKEN_IS_INVALID":                           signIn,
	"OAUTH_INTEGRATION_APPS_ERROR_VALIDATING_TOKEN":                     signIn,
	"OAUTHCONFIGURATION_INVALID_TOKEN":                                  signIn,
	"WS_INVALIDTOKEN":                                                   signIn,
	"OAUTH_INTEGRATION_APPS_TOKEN_NOT_PROVIDED_IN_AUTHORIZATION_HEADER": signIn,
	"CANNOT_GET_TOKEN_FOR_PROVIDER":                                     signIn,
}

// reported returns the problem that a code of AccountsIQ stands for.
func reported(code string) problem {
	if _, ok := tokenCodes[code]; ok {
		return pSession
	}
	if p, ok := codeGroups[code]; ok {
		return p
	}
	p := pReported
	if code != "" {
		p.message = "AccountsIQ reported: " + code
	}
	return p
}
