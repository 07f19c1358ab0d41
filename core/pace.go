package core

import "time"

// pace reckons from how far a stage has come how long it still takes.
type pace struct {
	stage string
	since time.Time
	from  int // what was done when the stage was first heard of
}

// settledAfter is how long a stage runs before its pace says anything.
const settledAfter = 2 * time.Second

// left returns about how long the stage of p still takes; 0 while nothing can be said.
func (s *pace) left(p Progress, now time.Time) time.Duration {
	if p.Stage != s.stage || p.Done < s.from {
		*s = pace{p.Stage, now, p.Done}
		return 0
	}
	took, done := now.Sub(s.since), p.Done-s.from
	if took < settledAfter || done <= 0 || p.Total <= p.Done {
		return 0
	}
	return time.Duration(float64(took) / float64(done) * float64(p.Total-p.Done)).Round(time.Second)
}
