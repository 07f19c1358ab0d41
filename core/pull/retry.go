package pull

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"dunlin/core/accountsiq"
)

// Patience says how long to wait for an AccountsIQ that is busy, slow or not there, before giving up.
type Patience struct {
	For  time.Duration                                    // without any answer, pauses and calls in vain together; 0: no second try
	Now  func() time.Time                                 // to tell how long a call took in vain; nil: calls take no time
	Wait func(ctx context.Context, d time.Duration) error // sleeps; nil: a timer
}

// The first pause after a failure. AccountsIQ names no waiting time for too many calls: minutes are meant, so the
// pauses double from there (contract section 6).
const (
	firstPause         = 500 * time.Millisecond
	firstThrottlePause = 4 * time.Second
	longestPause       = 2 * time.Minute
)

// worthWaiting are the kinds of failure that may be over in a moment. One of TLS is not.
var worthWaiting = []accountsiq.Kind{accountsiq.Throttled, accountsiq.Busy, accountsiq.Network, accountsiq.Timeout, accountsiq.Server, accountsiq.Answer}

// Retry runs a call until it succeeds, fails for good, or patience is at its end. Only failures of the given kinds are
// waited for. A call that is repeated begins anew.
func Retry(ctx context.Context, p Patience, call func() error, kinds ...accountsiq.Kind) error {
	return p.retry(ctx, call, kinds, func() {})
}

func (p Patience) retry(ctx context.Context, call func() error, kinds []accountsiq.Kind, waiting func()) error {
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: longestPause}
	left := p.For
	for {
		began := p.now()
		err := call()
		var aiq *accountsiq.Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &aiq) || !aiq.Temporary() || !slices.Contains(kinds, aiq.Kind) {
			return err
		}
		if aiq.Kind == accountsiq.Throttled && pauses.InitialInterval != firstThrottlePause {
			pauses.InitialInterval = firstThrottlePause
			pauses.Reset()
		}
		pause := pauses.NextBackOff()
		if left -= pause + max(0, p.now().Sub(began)); left < 0 {
			return err
		}
		waiting()
		if p.wait(ctx, pause) != nil {
			return err
		}
	}
}

func (p Patience) now() time.Time {
	if p.Now == nil {
		return time.Time{}
	}
	return p.Now()
}

func (p Patience) wait(ctx context.Context, d time.Duration) error {
	if p.Wait != nil {
		return p.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try is Retry for one read of a pull.
func (p *puller) try(ctx context.Context, read func() error) error {
	return p.o.Patience.retry(ctx, read, worthWaiting, func() { p.o.Progress(StageWait, 0, 0) })
}
