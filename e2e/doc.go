// Package e2e tests the real binaries from outside: the command line against an AccountsIQ over HTTP, a real mail
// server (exim) and a real key store (gnome-keyring on a private D-Bus), and the window under a virtual display.
// Its tests carry the build tag e2e: "go test -tags e2e ./e2e". They import of this module only the servers they
// play and the nouns of the ledger, never what they test.
package e2e
