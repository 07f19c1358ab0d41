// Package mailtest is an SMTP server in process: for tests, where it fails on demand at any point of the
// dialogue, and for the demo company, where it takes the messages. It speaks SMTP line by line itself,
// because its purpose includes breaking the protocol at places where a proper server library cannot. It
// imports nothing else of this module.
package mailtest
