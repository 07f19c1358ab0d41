package chase

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// forRandomInputs runs a check on many companies; a failing seed names its input for good.
func forRandomInputs(t *testing.T, n uint64, check func(t *testing.T, seed uint64, in Input)) {
	t.Helper()
	for seed := range n {
		check(t, seed, randomInput(t, seed))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestR1_4_BucketsAddUp(t *testing.T) {
	forRandomInputs(t, 1000, func(t *testing.T, _ uint64, in Input) {
		var want, got sums
		for _, inv := range in.Invoices {
			if inv.Type.Receivable() && inv.Outstanding.Minor > 0 {
				want.add(inv.Outstanding)
			}
		}
		byNumber := map[string]Invoice{}
		for _, inv := range in.Invoices {
			byNumber[inv.Number] = inv
		}
		var ageing [ledger.Buckets]sums
		for _, o := range Plan(in).Invoices {
			ageing[o.Bucket].add(byNumber[o.Number].Outstanding)
			if (o.Bucket == ledger.Current) != (o.AgeDays <= 0) {
				t.Errorf("%s is %d days old and in bucket %v", o.Number, o.AgeDays, o.Bucket)
			}
		}
		for _, bucket := range ageing {
			for _, m := range bucket {
				got.add(m)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("buckets add up to %v, outstanding is %v", got, want)
		}
	})
}

func TestR4_NoInvoiceTwice(t *testing.T) {
	forRandomInputs(t, 2000, func(t *testing.T, _ uint64, in Input) {
		listed := map[string]bool{}
		for _, m := range Plan(in).Messages {
			if len(m.To) == 0 || len(m.Invoices) == 0 || m.Multi != (len(m.Invoices) > 1) {
				t.Errorf("message %+v", m)
			}
			for _, l := range m.Invoices {
				if listed[l.Number] {
					t.Errorf("%s stands in a run twice", l.Number)
				}
				listed[l.Number] = true
			}
		}
	})
}

// TestR2_2_NothingHeldIsSent reads the rule from the result itself.
func TestR2_2_NothingHeldIsSent(t *testing.T) {
	forRandomInputs(t, 2000, func(t *testing.T, _ uint64, in Input) {
		res := Plan(in)
		held := map[string]Reason{}
		for _, o := range res.Invoices {
			if o.Held != nil {
				held[o.Number] = o.Held.Reason
			}
		}
		for _, m := range res.Messages {
			for _, l := range m.Invoices {
				if reason, is := held[l.Number]; is {
					t.Errorf("%s goes in a %s although %s", l.Number, m.Kind, reason)
				}
			}
		}
	})
}

func TestR8_3_OrderOfInputsDoesNotMatter(t *testing.T) {
	forRandomInputs(t, 1000, func(t *testing.T, seed uint64, in Input) {
		want, ahead := encoded(t, Plan(in)), encoded(t, Ahead(in, 20))
		r := rand.New(rand.NewPCG(seed, 9))
		shuffle(r, in.Schedules)
		shuffle(r, in.Customers)
		shuffle(r, in.Invoices)
		shuffle(r, in.History)
		for i := range in.Schedules {
			shuffle(r, in.Schedules[i].BeforeDue)
			shuffle(r, in.Schedules[i].Overdue)
		}
		if got := encoded(t, Plan(in)); !bytes.Equal(got, want) {
			t.Errorf("shuffled:\n%s\nbefore:\n%s", got, want)
		}
		if got := encoded(t, Ahead(in, 20)); !bytes.Equal(got, ahead) {
			t.Errorf("shuffled runs:\n%s\nbefore:\n%s", got, ahead)
		}
	})
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestR8_3_InputIsLeftAlone(t *testing.T) {
	forRandomInputs(t, 300, func(t *testing.T, seed uint64, in Input) {
		Plan(in)
		Ahead(in, 20)
		if !reflect.DeepEqual(in, randomInputAs(t, seed, in)) {
			t.Error("planning changed its input")
		}
	})
}

// randomInputAs makes an input again, with the zone of the first so that the two compare.
func randomInputAs(t *testing.T, seed uint64, like Input) Input {
	in := randomInput(t, seed)
	in.Company.Zone = like.Company.Zone
	in.Now = in.Now.In(like.Company.Zone)
	for i := range in.History {
		in.History[i].At = in.History[i].At.In(like.Company.Zone)
	}
	return in
}

// accepted turns a run's messages into history.
func accepted(messages []Message, at time.Time) []Sent {
	var list []Sent
	for _, m := range messages {
		s := Sent{Customer: m.Customer, Kind: m.Kind, Automatic: true, At: at, State: Accepted}
		for _, l := range m.Invoices {
			s.Invoices = append(s.Invoices, SentInvoice{Number: l.Number, Offset: l.Offset})
		}
		list = append(list, s)
	}
	return list
}

func TestR4_5_ASecondRunSendsNothing(t *testing.T) {
	sent := 0
	forRandomInputs(t, 2000, func(t *testing.T, _ uint64, in Input) {
		first := Plan(in)
		sent += len(first.Messages)
		in.History = append(in.History, accepted(first.Messages, in.Now)...)
		in.Company.LastRun = in.Now
		if again := Plan(in); len(again.Messages) > 0 || again.Refused != "" {
			t.Errorf("planned again at once: %+v", again.Messages)
		}
	})
	if sent < 500 {
		t.Errorf("only %d messages in all runs: the generator tests little", sent)
	}
}

// TestR3_6_NothingUnsentAdvances: the planner does not see messages in states that do not count.
func TestR3_6_NothingUnsentAdvances(t *testing.T) {
	forRandomInputs(t, 1000, func(t *testing.T, _ uint64, in Input) {
		want := encoded(t, Plan(in))
		in.History = slices.DeleteFunc(slices.Clone(in.History), func(s Sent) bool { return !s.State.Counts() && s.Kind != Skip })
		if got := encoded(t, Plan(in)); !bytes.Equal(got, want) {
			t.Errorf("without unsent messages:\n%s\nwith:\n%s", got, want)
		}
	})
}

// TestR8_1_NextComesTrue plans again at every slot of the coming weeks: what was foretold comes at its
// slot, as the foretold step, and at no slot before it.
func TestR8_1_NextComesTrue(t *testing.T) {
	foretold := 0
	forRandomInputs(t, 700, func(t *testing.T, _ uint64, in Input) {
		in = withoutCredit(in)
		in.Company.Grouping = NoGrouping
		cal := NewCalendar(in.Company)
		waiting := Plan(in).Invoices
		for at, ok := cal.slotFrom(in.Now); ok && at.Before(in.Now.AddDate(0, 0, 25)); at, ok = cal.NextSlot(at) {
			day := cal.Today(at)
			later := in
			later.Now = at
			came := Plan(later)
			waiting = slices.DeleteFunc(waiting, func(o Outlook) bool {
				m, goes := messageOf(came, o.Number)
				if o.Next == nil || o.Next.Date != day {
					if goes {
						t.Errorf("%s goes at %v, foretold %v", o.Number, at, o.Next)
					}
					return goes
				}
				foretold++
				if !goes || (Place{m.Kind, m.Step, m.Offset}) != o.Next.Place {
					t.Errorf("%s: foretold %v, came %v %+v", o.Number, *o.Next, goes, m)
				}
				return true
			})
		}
	})
	if foretold < 300 {
		t.Errorf("only %d came true", foretold)
	}
}

// withoutCredit takes out standing credit, which is judged by today's data and so changes what is foretold.
func withoutCredit(in Input) Input {
	in.Invoices = slices.DeleteFunc(slices.Clone(in.Invoices), func(inv Invoice) bool { return inv.Type.Credit() })
	in.Customers = slices.Clone(in.Customers)
	for i := range in.Customers {
		in.Customers[i].Credits = nil
	}
	return in
}

func messageOf(r Result, number string) (Message, bool) {
	for _, m := range r.Messages {
		if m.Kind != Thanks && slices.ContainsFunc(m.Invoices, func(l Listed) bool { return l.Number == number }) {
			return m, true
		}
	}
	return Message{}, false
}

// TestR8_3_AheadIsThePlanRunForward does with Plan what Ahead does in one go.
func TestR8_3_AheadIsThePlanRunForward(t *testing.T) {
	runs := 0
	forRandomInputs(t, 500, func(t *testing.T, _ uint64, in Input) {
		const days = 30
		got := Ahead(in, days)
		runs += len(got)
		cal := NewCalendar(in.Company)
		last := cal.Today(in.Now).AddDays(days)
		var want []Run
		for at, ok := cal.slotFrom(in.Now); ok && !cal.Today(at).After(last); at, ok = cal.NextSlot(at) {
			in.Now = at
			if messages := Plan(in).Messages; len(messages) > 0 {
				want = append(want, Run{at, messages})
				in.History = append(slices.Clone(in.History), accepted(messages, at)...)
			}
		}
		if g, w := encoded(t, got), encoded(t, want); !bytes.Equal(g, w) {
			t.Errorf("ahead\n%s\nslot by slot\n%s", g, w)
		}
	})
	if runs < 500 {
		t.Errorf("only %d runs", runs)
	}
}

func TestCaseFileRoundTrip(t *testing.T) {
	forRandomInputs(t, 1000, func(t *testing.T, _ uint64, in Input) {
		var file bytes.Buffer
		if err := EncodeCase(&file, in); err != nil {
			t.Fatal(err)
		}
		text := file.String()
		back, err := DecodeCase(&file)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		back.Company.Zone = in.Company.Zone
		back.Now = back.Now.In(in.Company.Zone)
		for i := range back.History {
			back.History[i].At = back.History[i].At.In(in.Company.Zone)
		}
		if !reflect.DeepEqual(back, in) {
			t.Errorf("came back as\n%+v\nwas\n%+v\nfile\n%s", back, in, text)
		}
	})
}

func TestScheduleFileRoundTrip(t *testing.T) {
	forRandomInputs(t, 200, func(t *testing.T, _ uint64, in Input) {
		for _, s := range in.Schedules {
			var file bytes.Buffer
			if err := EncodeSchedule(&file, s); err != nil {
				t.Fatal(err)
			}
			if back, err := DecodeSchedule(&file); err != nil || !reflect.DeepEqual(back, s) {
				t.Errorf("came back as %+v (%v), was %+v", back, err, s)
			}
		}
	})
}
