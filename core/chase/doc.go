// Package chase is the rulebook: when a reminder goes, to whom, and why. Plan is a pure function of
// its Input; the package reads no clock, opens no file and knows no database and no network. It
// imports ledger and, for calendars and exact rates, two libraries; nothing else of this module.
package chase
