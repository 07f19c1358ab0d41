//go:build !race

package core_test

// raced says that the race detector slows everything down tenfold.
const raced = false
