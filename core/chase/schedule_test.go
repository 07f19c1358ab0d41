package chase

import (
	"fmt"
	"testing"
)

// steps builds the steps of a part from their offsets.
func steps(offsets ...int) []Step {
	var list []Step
	for _, o := range offsets {
		list = append(list, Step{Offset: o})
	}
	return list
}

func TestR3_3_LatestReachedStep(t *testing.T) {
	l := newLadder(Schedule{BeforeDue: steps(-1, -7), Overdue: steps(8, 1, 30), Repeat: Repeat{Every: 14, Limit: 2}})
	for _, c := range []struct {
		age  int
		want Place // the zero value for none
	}{
		{-8, Place{}},
		{-7, Place{BeforeDue, 1, -7}}, {-2, Place{BeforeDue, 1, -7}}, {-1, Place{BeforeDue, 2, -1}}, {0, Place{BeforeDue, 2, -1}},
		{1, Place{Overdue, 1, 1}}, {7, Place{Overdue, 1, 1}}, {8, Place{Overdue, 2, 8}}, {30, Place{Overdue, 3, 30}},
		{43, Place{Overdue, 3, 30}}, {44, Place{Overdue, 4, 44}}, {57, Place{Overdue, 4, 44}}, {58, Place{Overdue, 5, 58}},
		{72, Place{Overdue, 5, 58}}, {9000, Place{Overdue, 5, 58}},
	} {
		if got, ok := l.latest(c.age); got != c.want || ok != (c.want != Place{}) {
			t.Errorf("age %d: got %v %v, want %v", c.age, got, ok, c.want)
		}
	}
}

func TestR3_1_OverduePartMayStartLate(t *testing.T) {
	l := newLadder(Schedule{BeforeDue: steps(-3), Overdue: steps(10)})
	if p, ok := l.latest(9); ok {
		t.Errorf("nine days overdue is in range of %v, want none", p)
	}
}

func TestR3_4_DueUnlessSent(t *testing.T) {
	l := newLadder(Schedule{BeforeDue: steps(-7, 0), Overdue: steps(1, 8)})
	for _, c := range []struct {
		age  int
		sent sentSteps
		due  bool
	}{
		{-7, sentSteps{nothingSent, nothingSent}, true},
		{-7, sentSteps{-7, nothingSent}, false},
		{0, sentSteps{-7, nothingSent}, true},
		{0, sentSteps{0, nothingSent}, false},
		{1, sentSteps{0, nothingSent}, true}, // the parts are counted apart
		{8, sentSteps{nothingSent, 1}, true},
		{8, sentSteps{nothingSent, 8}, false},
		{1, sentSteps{nothingSent, 8}, false}, // a later one of the part was sent
	} {
		if _, due := l.due(c.age, c.sent); due != c.due {
			t.Errorf("age %d, sent %v: due %v, want %v", c.age, c.sent, due, c.due)
		}
	}
}

func TestR3_5_Repeats(t *testing.T) {
	for _, c := range []struct {
		repeat    Repeat
		age, sent int
		following int // 0 for none
		ended     bool
	}{
		{Repeat{}, 5, 1, 10, false},
		{Repeat{}, 10, 10, 0, true},
		{Repeat{Every: 7, Limit: 2}, 10, 10, 17, false},
		{Repeat{Every: 7, Limit: 2}, 20, 17, 24, false},
		{Repeat{Every: 7, Limit: 2}, 24, 24, 0, true},
		{Repeat{Every: 7, Limit: 2}, 24, 17, 0, false}, // reached, not sent: no later one, not ended
		{Repeat{Every: 7}, 24, 24, 31, false},
		{Repeat{Every: 7}, 5000, 24, 5001, false}, // 5001 = 10 + 713*7
		{Repeat{Limit: 4}, 10, 10, 0, true},       // no distance, no repeats
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			l := newLadder(Schedule{Overdue: steps(1, 10), Repeat: c.repeat})
			sent := sentSteps{nothingSent, c.sent}
			got, ok := l.following(c.age, sent)
			if ok != (c.following != 0) || ok && got != c.following {
				t.Errorf("following %d %v, want %d", got, ok, c.following)
			}
			if got := l.ended(c.age, sent); got != c.ended {
				t.Errorf("ended %v, want %v", got, c.ended)
			}
		})
	}
}

func TestR3_4_FollowingIsTheNextUnsent(t *testing.T) {
	l := newLadder(Schedule{BeforeDue: steps(-7, -3, 0), Overdue: steps(1, 8)})
	for _, c := range []struct {
		age  int
		sent sentSteps
		want int
	}{
		{-9, sentSteps{nothingSent, nothingSent}, -7},
		{-7, sentSteps{nothingSent, nothingSent}, -3},
		{-9, sentSteps{-3, nothingSent}, 0},
		{-9, sentSteps{0, nothingSent}, 1},
		{-9, sentSteps{0, 1}, 8},
		{3, sentSteps{nothingSent, nothingSent}, 8},
	} {
		if got, ok := l.following(c.age, c.sent); !ok || got != c.want {
			t.Errorf("age %d, sent %v: got %d %v, want %d", c.age, c.sent, got, ok, c.want)
		}
	}
}

func TestR2_2_12_EndOfSchedule(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		age  int
		sent sentSteps
		want bool
	}{
		{"no steps", Schedule{}, -30, sentSteps{nothingSent, nothingSent}, true},
		{"only before due, open", Schedule{BeforeDue: steps(-7, 0)}, 0, sentSteps{-7, nothingSent}, false},
		{"only before due, sent", Schedule{BeforeDue: steps(-7, 0)}, 0, sentSteps{0, nothingSent}, true},
		{"only before due, over", Schedule{BeforeDue: steps(-7, 0)}, 1, sentSteps{nothingSent, nothingSent}, true},
		{"repeat without overdue steps", Schedule{BeforeDue: steps(0), Repeat: Repeat{Every: 7}}, 1, sentSteps{nothingSent, nothingSent}, true},
		{"overdue open", Schedule{Overdue: steps(1)}, 400, sentSteps{0, nothingSent}, false},
		{"unlimited repeats never end", Schedule{Overdue: steps(1), Repeat: Repeat{Every: 7}}, 4000, sentSteps{0, 3998}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := newLadder(c.s).ended(c.age, c.sent); got != c.want {
				t.Errorf("ended %v, want %v", got, c.want)
			}
		})
	}
}

func TestR3_5_RepeatsHaveTheLastStepsSettings(t *testing.T) {
	l := newLadder(DefaultSchedule())
	p, _ := l.latest(44)
	if p.Step != 5 || !l.settings(p).EscalatedSender {
		t.Errorf("%v with %+v, want the fifth step, escalated", p, l.settings(p))
	}
}

func TestR3_1_DefaultScheduleIsValid(t *testing.T) {
	if err := DefaultSchedule().Validate(); err != nil {
		t.Error(err)
	}
}
