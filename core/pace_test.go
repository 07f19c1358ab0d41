package core

import (
	"testing"
	"time"
)

func TestPaceSaysHowLongAStageStillTakes(t *testing.T) {
	at := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	var s pace
	for _, c := range []struct {
		after time.Duration
		p     Progress
		want  time.Duration
	}{
		{0, Progress{Stage: "Transactions", Done: 0, Total: 100_000}, 0},
		{time.Second, Progress{Stage: "Transactions", Done: 10_000, Total: 100_000}, 0}, // too early to tell
		{10 * time.Second, Progress{Stage: "Transactions", Done: 20_000, Total: 100_000}, 40 * time.Second},
		{40 * time.Second, Progress{Stage: "Transactions", Done: 90_000, Total: 100_000}, 4 * time.Second},
		{45 * time.Second, Progress{Stage: "Transactions", Done: 100_000, Total: 100_000}, 0},
		{50 * time.Second, Progress{Stage: "Checking open items", Done: 4_000, Total: 10_000}, 0}, // a new stage
		{55 * time.Second, Progress{Stage: "Checking open items", Done: 5_000, Total: 10_000}, 25 * time.Second},
		{60 * time.Second, Progress{Stage: "Checking open items", Done: 5_000}, 0}, // no total
	} {
		if got := s.left(c.p, at.Add(c.after)); got != c.want {
			t.Errorf("after %v, %+v: %v left, want %v", c.after, c.p, got, c.want)
		}
	}
}
