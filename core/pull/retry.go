package pull

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"dunlin/core/accountsiq"
)

// Patience says how long a pull waits for an AccountsIQ that is busy, slow or not there, before it gives up.
type Patience struct {
	For  time.Duration                                    // all waiting between two answers together; 0: none
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

// try runs a read until it succeeds, fails for good, or patience is at its end. A read that is repeated begins anew.
func (p *puller) try(ctx context.Context, read func() error) error {
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: longestPause}
	for {
		err := read()
		var aiq *accountsiq.Error
		if err == nil {
			p.left = p.o.Patience.For // it goes on, slowly as it may be
			return nil
		}
		if ctx.Err() != nil || !errors.As(err, &aiq) || !aiq.Temporary() || !slices.Contains(worthWaiting, aiq.Kind) {
			return err
		}
		if aiq.Kind == accountsiq.Throttled && pauses.InitialInterval != firstThrottlePause {
			pauses.InitialInterval = firstThrottlePause
			pauses.Reset()
		}
		pause := pauses.NextBackOff()
		if pause > p.left {
			return err
		}
		p.left -= pause
		p.o.Progress(StageWait, 0, 0)
		if p.wait(ctx, pause) != nil {
			return err
		}
	}
}

func (p *puller) wait(ctx context.Context, d time.Duration) error {
	if p.o.Patience.Wait != nil {
		return p.o.Patience.Wait(ctx, d)
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
