package core

import (
	"context"
	"errors"
)

// Error makes a Problem an error of its own.
func (p *Problem) Error() string { return p.Message }

// problemer is what the typed errors of the packages below have in common.
type problemer interface {
	Problem() (code, message, hint string)
}

// ProblemOf says what an error means to the owner: the code, the sentence and the next step that the
// package which met it gave, or a general one for an error that nobody foresaw.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	var own *Problem
	if errors.As(err, &own) {
		return own
	}
	var known problemer
	if errors.As(err, &known) {
		code, message, hint := known.Problem()
		return &Problem{Code: code, Message: message, Hint: hint}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &Problem{Code: "cancelled", Message: "The work was stopped before it was finished.", Hint: "Start it again when you are ready."}
	case errors.Is(err, context.DeadlineExceeded):
		return &Problem{Code: "timeout", Message: "It took too long, so it was stopped.", Hint: "Try again in a few minutes."}
	}
	return &Problem{Code: "internal", Message: "Something went wrong inside Dunlin: " + err.Error() + ".", Hint: "Try again. If it happens again, start Dunlin with --log-level debug and send what it prints with your report."}
}
