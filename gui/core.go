package gui

import (
	"context"

	"dunlin/core"
	"dunlin/core/chase"
	"dunlin/core/ledger"
)

// Core is everything the window asks of the application. Each screen takes only its own part. Errors
// carry what to tell the owner (core.ProblemOf). Methods with a context may take their time and are
// called off the UI goroutine; the others return at once.
type Core interface {
	FrameCore
	SetupCore
	ReceivablesCore
	CustomerCore
	InvoiceCore
	OutboxCore
	ActivityCore
	SchedulesCore
	SettingsCore
}

// FrameCore is what the frame of the window, the tray and Home need.
type FrameCore interface {
	// Overview is the state of the whole program now.
	Overview(ctx context.Context) (core.Overview, error)
	// Subscribe returns the events from now on, and the function that ends the subscription and closes the channel.
	Subscribe() (<-chan core.Event, func())
	// RequestSync asks for a sync; events tell how it goes. A second request while one runs does nothing.
	RequestSync()
	// CancelSync stops the sync under way between two calls.
	CancelSync()
	// RequestRun asks for a run now, as if a chase slot were this moment.
	RequestRun()
	// DismissMissedSlot answers the card of a missed slot: what was due then goes at the next one.
	DismissMissedSlot(ctx context.Context) error
	// Pause holds all chasing; with a date it goes on by itself on that day.
	Pause(ctx context.Context, until ledger.Date) error
	// StartChasing lets reminders go: for the first time, or after a pause.
	StartChasing(ctx context.Context) error
	// Companies are the companies of the data folder; only the open one is synced and chased.
	Companies(ctx context.Context) ([]core.CompanyEntry, error)
	// UseCompany opens another of them. When it fails the old one stays open.
	UseCompany(ctx context.Context, id string) error
}

// SetupCore is what the first run needs.
type SetupCore interface {
	Connect(ctx context.Context, r core.ConnectRequest) (core.ConnectResult, error)
	// Locations are the AccountsIQ locations by code, with their full names.
	Locations() []core.Choice
	// OtherLocations are those that TryLocation can be asked about when the request's own refused.
	OtherLocations(r core.ConnectRequest) []core.Choice
	// TryLocation shows the keys to one location and asks whether it knows the company; nothing is stored.
	TryLocation(ctx context.Context, r core.ConnectRequest, code string) (core.LocationAnswer, error)
	Account(ctx context.Context) (core.Account, error)
	SaveAccount(ctx context.Context, a core.Account) error
	Countries() []core.Choice
	// Timezones lists the zones of a country, the likeliest first, then all others.
	Timezones(country string) []string
	AddMailbox(ctx context.Context, m core.MailboxRequest) error
	Mailboxes(ctx context.Context) ([]core.MailboxView, error)
	RemoveMailbox(ctx context.Context, address string) error
}

// ReceivablesCore is what the lists need.
type ReceivablesCore interface {
	Invoices(ctx context.Context, q core.InvoiceQuery) (core.Listing, error)
	InvoicesByID(ctx context.Context, ids []int64) ([]core.InvoiceView, error)
	Customers(ctx context.Context, q core.CustomerQuery) (core.Listing, error)
	CustomersByID(ctx context.Context, ids []int64) ([]core.CustomerView, error)
	// CustomerID finds the AccountID of a customer by code, as an event or a message names it.
	CustomerID(ctx context.Context, code string) (int64, error)
}

// CustomerCore is what the customer's page and menus need; customers are named by AccountID.
type CustomerCore interface {
	Customer(ctx context.Context, accountID int64) (core.CustomerDetail, error)
	StopCustomer(ctx context.Context, accountID int64) error
	ResumeCustomer(ctx context.Context, accountID int64) error
	// HoldCustomer holds a customer through a date; the zero date ends the hold.
	HoldCustomer(ctx context.Context, accountID int64, until ledger.Date) error
	AddNote(ctx context.Context, accountID int64, text string) error
	// SetRecipient stores the ticks of one address of a customer.
	SetRecipient(ctx context.Context, accountID int64, e core.EmailView) error
	// CustomerLink is where "Edit in AccountsIQ" leads.
	CustomerLink(ctx context.Context, accountID int64) (core.Link, error)
}

// InvoiceCore is what the invoice's page and menus need; invoices are named by TransactionID.
type InvoiceCore interface {
	Invoice(ctx context.Context, transactionID int64) (core.InvoiceDetail, error)
	StopInvoice(ctx context.Context, transactionID int64) error
	ResumeInvoice(ctx context.Context, transactionID int64) error
	HoldInvoice(ctx context.Context, transactionID int64, until ledger.Date) error
	// SetExpected stores the expected payment date; the zero date takes it away.
	SetExpected(ctx context.Context, transactionID int64, date ledger.Date) error
	SetDisputed(ctx context.Context, transactionID int64, disputed bool) error
	// InvoiceLink is where "View in AccountsIQ" leads.
	InvoiceLink(ctx context.Context, transactionID int64) (core.Link, error)
	// InvoicePDF is AccountsIQ's copy of an invoice; journals have none.
	InvoicePDF(ctx context.Context, transactionID int64) (core.PDF, error)
}

// OutboxCore is what the outbox needs.
type OutboxCore interface {
	// Upcoming is what the next slot would send, rendered; messages that already wait are planned or approved.
	Upcoming(ctx context.Context) ([]core.MessageView, error)
	// Outbox is everything that was ever planned for sending, newest first.
	Outbox(ctx context.Context) ([]core.MessageView, error)
	Message(ctx context.Context, id string) (core.MessageView, error)
	Approve(ctx context.Context, ids []string) error
	Skip(ctx context.Context, id string) error
	// SettleUncertain records what the owner found out about a message whose fate is unknown.
	SettleUncertain(ctx context.Context, id string, arrived bool) error
}

// ActivityCore is what the list of events needs.
type ActivityCore interface {
	Activity(ctx context.Context, limit int) ([]core.EventView, error)
}

// SchedulesCore is what the schedules need.
type SchedulesCore interface {
	Schedules(ctx context.Context) ([]chase.Schedule, error)
}

// SettingsCore is what the settings need beside the account, the connection and the mailboxes.
type SettingsCore interface {
	Settings(ctx context.Context) ([]core.SettingView, error)
	SetSetting(ctx context.Context, key, value string) error
	// ReportStyles are the layouts of invoice copies, as AccountsIQ names them now.
	ReportStyles(ctx context.Context) ([]string, error)
	// SeenWriteBackOff says that the owner has seen why write-back switched itself off.
	SeenWriteBackOff(ctx context.Context) error
	// LearnLink finds the customer or invoice in the address of a page and keeps how the others' are reached.
	LearnLink(ctx context.Context, kind, address string) (core.LinkLearnt, error)
	// ErasePlan says what Erase would remove.
	ErasePlan(ctx context.Context) (core.Erasure, error)
	// Erase removes the open company's data and keys from this computer.
	Erase(ctx context.Context) (core.Erasure, error)
}
