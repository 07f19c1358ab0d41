//go:build !race

package pull_test

// raced says that the race detector slows everything down tenfold.
const raced = false
