package core

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"dunlin/core/mail"
	"dunlin/core/secret"
	"dunlin/core/store"
)

// roles are the ticks that a sender can have (R5.1).
var roles = []string{"normal", "escalated", "cc", "forewarn"}

// AddMailbox checks a mailbox by signing in and stores it; its password goes to the key store. Nothing is
// stored when anything fails.
func (a *App) AddMailbox(ctx context.Context, r MailboxRequest) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	box, err := a.mailbox(ctx, st, r)
	if err != nil {
		return err
	}
	if !r.NoVerify {
		if err := mail.Verify(ctx, smtpServer(box), r.Password, mail.Options{Logger: a.deps.Logger}); err != nil {
			return err
		}
		box.VerifiedAt = a.deps.Now()
	}
	if r.User != "" {
		if err := a.keepMailPassword(ctx, st, box.Address, r.Password); err != nil {
			return err
		}
	}
	return a.change(ctx, st, "setting", "The mailbox "+box.Address+" was added.", func(tx *store.Tx) error { return tx.SaveMailbox(ctx, box) })
}

func (a *App) keepMailPassword(ctx context.Context, st *store.Store, address, password string) error {
	if password == "" {
		return &Problem{Code: "missing_password", Message: "The password of the mailbox is missing.", Hint: "Enter it, or set DUNLIN_MAIL_PASSWORD on a server."}
	}
	company, _, err := st.Setting(ctx, keyConnCompany)
	if err != nil {
		return err
	}
	_, err = a.keepSecret(ctx, secretName(company, secretMail+address), password)
	return err
}

// mailbox turns the form into a checked record.
func (a *App) mailbox(ctx context.Context, st *store.Store, r MailboxRequest) (store.Mailbox, error) {
	box := store.Mailbox{Address: strings.TrimSpace(r.Address), Name: strings.TrimSpace(r.Name), CAFile: strings.TrimSpace(r.CAFile)}
	if err := mail.CheckAddress(box.Address); err != nil {
		return box, err
	}
	var err error
	if box.SMTP, err = serverOf(r.SMTP, r.Security, r.User); err != nil {
		return box, err
	}
	if r.IMAP != "" {
		security := r.IMAPSecurity
		if security == "" {
			security = string(mail.TLS)
		}
		if box.IMAP, err = serverOf(r.IMAP, security, r.User); err != nil {
			return box, err
		}
	}
	if err := smtpServer(box).Check(); err != nil {
		return box, err
	}
	return box, a.setRoles(ctx, st, &box, r.Roles)
}

func serverOf(hostPort, security, user string) (store.MailServer, error) {
	host, port, err := mail.ParseHostPort(hostPort, mail.Security(security))
	return store.MailServer{Host: host, Port: port, Security: security, User: strings.TrimSpace(user)}, err
}

// setRoles ticks what was asked for; the first mailbox gets everything it can be used for.
func (a *App) setRoles(ctx context.Context, st *store.Store, box *store.Mailbox, want []string) error {
	for _, role := range want {
		if !slices.Contains(roles, role) {
			return &Problem{Code: "bad_role", Message: fmt.Sprintf("There is no role %q for a mailbox.", role), Hint: "It can be " + strings.Join(roles, ", ") + "."}
		}
	}
	if len(want) == 0 {
		known, err := st.Mailboxes(ctx)
		if err != nil {
			return err
		}
		if len(known) > 0 && !(len(known) == 1 && strings.EqualFold(known[0].Address, box.Address)) {
			want = []string{"normal"}
		} else {
			want = []string{"normal", "escalated", "forewarn"}
		}
	}
	box.Normal, box.Escalated = slices.Contains(want, "normal"), slices.Contains(want, "escalated")
	box.CC, box.Forewarn = slices.Contains(want, "cc"), slices.Contains(want, "forewarn")
	return nil
}

// Mailboxes lists the senders.
func (a *App) Mailboxes(ctx context.Context) ([]MailboxView, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	rows, err := st.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]MailboxView, len(rows))
	for i, b := range rows {
		out[i] = MailboxView{Address: b.Address, Name: b.Name, SMTP: net.JoinHostPort(b.SMTP.Host, strconv.Itoa(b.SMTP.Port)),
			Security: b.SMTP.Security, User: b.SMTP.User, Roles: []string{}, Verified: !b.VerifiedAt.IsZero()}
		for j, ticked := range []bool{b.Normal, b.Escalated, b.CC, b.Forewarn} {
			if ticked {
				out[i].Roles = append(out[i].Roles, roles[j])
			}
		}
	}
	return out, nil
}

// RemoveMailbox forgets a sender and its password.
func (a *App) RemoveMailbox(ctx context.Context, address string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	company, _, err := st.Setting(ctx, keyConnCompany)
	if err != nil {
		return err
	}
	err = a.change(ctx, st, "setting", "The mailbox "+address+" was removed.", func(tx *store.Tx) error { return tx.DeleteMailbox(ctx, address) })
	if errors.Is(err, store.ErrNotFound) {
		return &Problem{Code: "no_mailbox", Message: fmt.Sprintf("There is no mailbox %s.", address), Hint: "\"dunlin mailbox list\" shows them."}
	}
	if err != nil {
		return err
	}
	var none *secret.Unavailable
	if err := a.deps.Secrets.Delete(ctx, secretName(company, secretMail+address)); err != nil && !errors.As(err, &none) {
		return err
	}
	return nil
}

// sender picks the mailbox of a message: an escalated one needs a mailbox ticked so, else any normal one (R5.1).
func sender(boxes []store.Mailbox, escalated bool) (store.Mailbox, error) {
	if escalated {
		if i := slices.IndexFunc(boxes, func(b store.Mailbox) bool { return b.Escalated }); i >= 0 {
			return boxes[i], nil
		}
	}
	if i := slices.IndexFunc(boxes, func(b store.Mailbox) bool { return b.Normal }); i >= 0 {
		return boxes[i], nil
	}
	return store.Mailbox{}, &Problem{Code: "no_mailbox", Message: "There is no mailbox to send from.",
		Hint: "Add your mailbox under Settings, Mailboxes, or with \"dunlin mailbox add\", and tick Normal."}
}
