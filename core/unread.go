package core

import (
	"context"
	"errors"

	"dunlin/core/pull"
	"dunlin/core/store"
)

// Unread says that AccountsIQ has not been read whole yet, so that figures and plans are of a part of it; nil when it
// has.
func (a *App) Unread(ctx context.Context) (*Problem, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	_, _, err = st.Watermark(ctx, pull.Watermark)
	if errors.Is(err, store.ErrNotFound) {
		return &Problem{Code: "not_read_yet", Message: "AccountsIQ has not been read whole yet: this is what is here so far.",
			Hint: "\"dunlin sync\" goes on where it stopped. Nothing is sent before it is done."}, nil
	}
	return nil, err
}
