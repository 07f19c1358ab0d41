package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// SaveSchedule stores a schedule under its name.
func (t *Tx) SaveSchedule(ctx context.Context, s Schedule) error {
	if !json.Valid(s.Body) {
		return fmt.Errorf("schedule %q is not JSON", s.Name)
	}
	_, err := t.touch(ctx, "INSERT INTO schedules (name, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body WHERE body <> excluded.body", s.Name, string(s.Body))
	return err
}

// DeleteSchedule removes a schedule. Customers and invoices that chose it inherit again.
func (t *Tx) DeleteSchedule(ctx context.Context, name string) error {
	for _, query := range []string{
		"DELETE FROM schedules WHERE name = ?",
		"UPDATE customer_prefs SET schedule_set = 0, schedule = '' WHERE schedule_set = 1 AND schedule = ? AND schedule <> ''",
		"UPDATE invoice_prefs SET schedule_set = 0, schedule = '' WHERE schedule_set = 1 AND schedule = ? AND schedule <> ''",
	} {
		if _, err := t.touch(ctx, query, name); err != nil {
			return err
		}
	}
	return nil
}

// Schedules returns the schedules by name.
func (s *Store) Schedules(ctx context.Context) ([]Schedule, error) {
	list, err := schedules(ctx, s.readers)
	return list, s.fail("reading the schedules", err)
}

func schedules(ctx context.Context, q querier) ([]Schedule, error) {
	return all(ctx, q, func(r *sql.Rows) (x Schedule, err error) {
		var body string
		err = r.Scan(&x.Name, &body)
		x.Body = json.RawMessage(body)
		return x, err
	}, "SELECT name, body FROM schedules ORDER BY name")
}

// SaveTemplate stores a template under its name.
func (t *Tx) SaveTemplate(ctx context.Context, x Template) error {
	_, err := t.exec(ctx, `INSERT INTO templates (name, kind, subject, body) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET kind = excluded.kind, subject = excluded.subject, body = excluded.body`, x.Name, x.Kind, x.Subject, x.Body)
	return err
}

// DeleteTemplate removes a template.
func (t *Tx) DeleteTemplate(ctx context.Context, name string) error {
	_, err := t.exec(ctx, "DELETE FROM templates WHERE name = ?", name)
	return err
}

// Templates returns the templates by name.
func (s *Store) Templates(ctx context.Context) ([]Template, error) {
	list, err := all(ctx, s.readers, func(r *sql.Rows) (x Template, err error) {
		return x, r.Scan(&x.Name, &x.Kind, &x.Subject, &x.Body)
	}, "SELECT name, kind, subject, body FROM templates ORDER BY name")
	return list, s.fail("reading the templates", err)
}

const mailboxColumns = `address, name, smtp_host, smtp_port, smtp_security, smtp_user, smtp_auth, imap_host, imap_port, imap_security, imap_user, imap_auth,
	ca_file, normal, escalated, cc, forewarn, verified_at`

// SaveMailbox stores a mailbox under its address, which is the same in any case.
func (t *Tx) SaveMailbox(ctx context.Context, m Mailbox) error {
	_, err := t.exec(ctx, "INSERT OR REPLACE INTO mailboxes ("+mailboxColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		m.Address, m.Name, m.SMTP.Host, m.SMTP.Port, m.SMTP.Security, m.SMTP.User, m.SMTP.Auth,
		m.IMAP.Host, m.IMAP.Port, m.IMAP.Security, m.IMAP.User, m.IMAP.Auth,
		m.CAFile, m.Normal, m.Escalated, m.CC, m.Forewarn, millis(m.VerifiedAt))
	return err
}

// DeleteMailbox removes a mailbox.
func (t *Tx) DeleteMailbox(ctx context.Context, address string) error {
	_, err := t.exec(ctx, "DELETE FROM mailboxes WHERE address = ?", address)
	return err
}

// Mailboxes returns the mailboxes by address.
func (s *Store) Mailboxes(ctx context.Context) ([]Mailbox, error) {
	list, err := all(ctx, s.readers, func(r *sql.Rows) (m Mailbox, err error) {
		return m, r.Scan(&m.Address, &m.Name, &m.SMTP.Host, &m.SMTP.Port, &m.SMTP.Security, &m.SMTP.User, &m.SMTP.Auth,
			&m.IMAP.Host, &m.IMAP.Port, &m.IMAP.Security, &m.IMAP.User, &m.IMAP.Auth,
			&m.CAFile, &m.Normal, &m.Escalated, &m.CC, &m.Forewarn, timeColumn{&m.VerifiedAt})
	}, "SELECT "+mailboxColumns+" FROM mailboxes ORDER BY address")
	return list, s.fail("reading the mailboxes", err)
}
