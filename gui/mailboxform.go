package gui

import (
	"net/mail"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// provider is a mail service whose servers are known.
type provider struct {
	code, name                     string
	smtp, security, imap, imapSafe string
}

func providers() []provider {
	return []provider{
		{"gmail", "Gmail", "smtp.gmail.com:465", "tls", "imap.gmail.com:993", "tls"},
		{"m365", "Microsoft 365", "smtp.office365.com:587", "starttls", "outlook.office365.com:993", "tls"},
		{"icloud", "iCloud", "smtp.mail.me.com:587", "starttls", "imap.mail.me.com:993", "tls"},
		{"fastmail", "Fastmail", "smtp.fastmail.com:465", "tls", "imap.fastmail.com:993", "tls"},
		{"other", lang.L("Another provider"), "", "tls", "", "tls"},
	}
}

// mailboxForm holds a mailbox to be added, in the first run and in the settings.
type mailboxForm struct {
	preset                                *kit.Select
	name, address, password               *kit.Entry
	smtp, user, imap                      *kit.Entry
	security                              *kit.Select
	presetF, nameF, addressF, passwordF   *kit.Field
	smtpF, securityF, userF, imapF        *kit.Field
	normal, escalated, copies, forewarned *kit.Check
	object                                *fyne.Container
}

func newMailboxForm() *mailboxForm {
	m := &mailboxForm{name: kit.NewEntry(lang.L("Accounts, Example Ltd")), address: kit.NewEntry("accounts@example.com"), password: kit.NewSecret(""),
		smtp: kit.NewEntry("smtp.example.com:465"), user: kit.NewEntry(""), imap: kit.NewEntry("imap.example.com:993")}
	var options []kit.Option
	for _, p := range providers() {
		options = append(options, kit.Option{Code: p.code, Name: p.name})
	}
	m.preset = kit.NewSelect(lang.L("Who runs your mailbox?"), options, m.chosen)
	m.security = kit.NewSelect("", []kit.Option{{Code: "tls", Name: "TLS"}, {Code: "starttls", Name: "STARTTLS"}}, nil)
	m.security.SetSelected("tls")
	m.presetF = kit.NewField(lang.L("Provider"), m.preset, "").Require(lang.L("Choose who runs your mailbox."))
	m.nameF = kit.NewField(lang.L("Sender name"), m.name, lang.L("What your customers see as the sender.")).Require(lang.L("Type the name that customers see."))
	m.addressF = kit.NewField(lang.L("E-mail address"), m.address, "")
	m.addressF.Check = func() string {
		if _, err := mail.ParseAddress(strings.TrimSpace(m.address.Text)); err != nil {
			return lang.L("This is not an e-mail address.")
		}
		return ""
	}
	m.passwordF = kit.NewField(lang.L("Password"), m.password, lang.L("Kept in the key store of this computer, nowhere else.")).Require(lang.L("Type the password."))
	m.smtpF = kit.NewField(lang.L("Outgoing server (SMTP)"), m.smtp, lang.L("Host and port, such as smtp.example.com:465.")).Require(lang.L("Type the outgoing server."))
	m.securityF = kit.NewField(lang.L("Encryption"), m.security, "")
	m.userF = kit.NewField(lang.L("User name"), m.user, lang.L("Leave it empty when it is the e-mail address."))
	m.imapF = kit.NewField(lang.L("Incoming server (IMAP)"), m.imap, lang.L("For replies and bounces; read only. May stay empty."))
	m.normal, m.escalated = kit.NewCheck(lang.L("Normal"), nil), kit.NewCheck(lang.L("Escalated"), nil)
	m.copies, m.forewarned = kit.NewCheck(lang.L("CC"), nil), kit.NewCheck(lang.L("Forewarn"), nil)
	m.normal.Checked, m.escalated.Checked, m.forewarned.Checked = true, true, true
	uses := kit.NewField(lang.L("Used for"), kit.Pad(0, 0, 0, -8, kit.HStack(theme.Space3, m.normal, m.escalated, m.copies, m.forewarned)), "")
	m.object = kit.FormOf(m.presetF, m.nameF, m.addressF, m.passwordF, m.smtpF, m.securityF, m.userF, m.imapF, uses)
	m.showServers(false)
	return m
}

func (m *mailboxForm) fields() []*kit.Field {
	return []*kit.Field{m.presetF, m.nameF, m.addressF, m.passwordF, m.smtpF, m.securityF, m.userF, m.imapF}
}

// chosen fills in the servers of a provider and says what its password is.
func (m *mailboxForm) chosen(code string) {
	for _, p := range providers() {
		if p.code != code {
			continue
		}
		m.smtp.SetText(p.smtp)
		m.imap.SetText(p.imap)
		m.security.SetSelected(p.security)
	}
	m.showServers(code == "other")
	switch code {
	case "gmail":
		m.passwordF.Help(lang.L("Google wants an app password: Google Account, Security, 2-Step Verification, App passwords."))
	case "icloud":
		m.passwordF.Help(lang.L("Apple wants an app-specific password: account.apple.com, Sign-In and Security."))
	case "fastmail":
		m.passwordF.Help(lang.L("Fastmail wants an app password: Settings, Privacy & Security."))
	case "m365":
		m.passwordF.Help(lang.L("Your administrator may have to allow authenticated SMTP for this mailbox."))
	default:
		m.passwordF.Help(lang.L("Kept in the key store of this computer, nowhere else."))
	}
	m.object.Refresh()
}

func (m *mailboxForm) showServers(on bool) {
	for _, f := range []*kit.Field{m.smtpF, m.securityF, m.userF, m.imapF} {
		if on {
			f.Object().Show()
		} else {
			f.Object().Hide()
		}
	}
}

func (m *mailboxForm) touched() bool {
	return strings.TrimSpace(m.address.Text+m.password.Text) != ""
}

func (m *mailboxForm) request() core.MailboxRequest {
	r := core.MailboxRequest{Address: strings.TrimSpace(m.address.Text), Name: strings.TrimSpace(m.name.Text), SMTP: strings.TrimSpace(m.smtp.Text), Security: m.security.Selected(),
		User: strings.TrimSpace(m.user.Text), Password: m.password.Text, IMAP: strings.TrimSpace(m.imap.Text)}
	if r.User == "" {
		r.User = r.Address
	}
	if r.IMAP != "" {
		r.IMAPSecurity = "tls"
	}
	for _, role := range []struct {
		name string
		on   *kit.Check
	}{{"normal", m.normal}, {"escalated", m.escalated}, {"cc", m.copies}, {"forewarn", m.forewarned}} {
		if role.on.Checked {
			r.Roles = append(r.Roles, role.name)
		}
	}
	return r
}
