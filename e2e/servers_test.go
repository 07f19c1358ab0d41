//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
)

// The secrets of the tests; none of them may turn up in a file.
const (
	userKey      = "uk-5f1c8e0a-zebra"
	partnerKey   = "pk-93b2d7aa-zebra"
	clientID     = "7a3f0c52-1f0e-4c1b-9f0e-2b7d5e8c9a10" // an application's ID is a GUID
	clientSecret = "cs-2fd4c0de-zebra"
	mailUser     = "owner"
	mailPassword = "mp-0bb1e5-zebra"
	ownAddress   = "accounts@harbour.example"
)

var secrets = []string{userKey, partnerKey, clientSecret, mailPassword}

// today is the civil date of the company's zone, as rules R1.2 has it.
func today() ledger.Date {
	zone, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		panic(err) // the tests' own time zone data is missing
	}
	return ledger.DateOf(time.Now().In(zone))
}

// books is an AccountsIQ with a small company whose every invoice has one point.
type books struct {
	*aiqtest.Server
	company *aiqtest.Company
	ids     map[string]int64 // invoice number to transaction
}

// The company:
//
//	ACME   1001 is 2 days late (step +1), 1002 is 20 days late (step +15), 1003 is due in 30 days
//	BOLT   2001 is 9 days late (step +8)
//	CALM   3001 is disputed
//	DOVE   4001 has nobody to write to
//	ELM    5001 is 2 days late; the mail server does not know the address
//	FERN   6001 is 40 days late and covered by an unallocated receipt
//	MUELL  7001 is 2 days late; the name tries to break out of header and HTML
func newBooks(t *testing.T) *books {
	t.Helper()
	c := aiqtest.NewCompany("harbour_ltd", "Harbour Supplies Ltd", "EUR", time.Now)
	c.Locale, c.Country, c.Email = "en-IE", "Ireland", ownAddress
	c.UserKey, c.PartnerKey, c.ClientID, c.ClientSecret = userKey, partnerKey, clientID, clientSecret
	b := &books{company: c, ids: map[string]int64{}}
	for code, address := range map[string]string{"ACME": "ap@acme.example", "BOLT": "ap@bolt.example", "CALM": "ap@calm.example",
		"DOVE": "", "ELM": "nobody-here@elm.example", "FERN": "ap@fern.example", "MUELL": "buchhaltung@mueller.example"} {
		name := code + " Ltd"
		if code == "MUELL" {
			name = "Müller & Söhne <script>alert(1)</script> \"KG\""
		}
		if _, err := c.AddCustomer(aiqtest.Customer{Code: code, Name: name, Email: address}); err != nil {
			t.Fatal(err)
		}
	}
	b.invoice(t, "ACME", "1001", 100_00, 2)
	b.invoice(t, "ACME", "1002", 250_50, 20)
	b.invoice(t, "ACME", "1003", 75_00, -30)
	b.invoice(t, "BOLT", "2001", 1_234_56, 9)
	b.invoice(t, "CALM", "3001", 80_00, 12)
	b.invoice(t, "DOVE", "4001", 90_00, 2)
	b.invoice(t, "ELM", "5001", 60_00, 2)
	b.invoice(t, "FERN", "6001", 500_00, 40)
	b.invoice(t, "MUELL", "7001", 33_33, 2)
	if err := c.Dispute(b.ids["3001"]); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddReceipt(aiqtest.Entry{Customer: "FERN", Amount: ledger.Money{Minor: 600_00, Currency: "EUR"}}); err != nil {
		t.Fatal(err)
	}
	s, err := aiqtest.Start(aiqtest.Options{Company: c})
	if err != nil {
		t.Fatal(err)
	}
	b.Server = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for _, v := range s.Violations() {
			t.Errorf("against AccountsIQ's contract: %s", v)
		}
	})
	return b
}

func (b *books) invoice(t *testing.T, customer, number string, minor int64, daysLate int) {
	t.Helper()
	due := today().AddDays(-daysLate)
	tx, err := b.company.AddInvoice(aiqtest.Entry{Customer: customer, Number: number, Amount: ledger.Money{Minor: minor, Currency: "EUR"},
		Issued: due.AddDays(-30), Due: due})
	if err != nil {
		t.Fatal(err)
	}
	b.ids[number] = tx.ID
}

// pay enters a receipt for what is left of an invoice and allocates it.
func (b *books) pay(t *testing.T, customer, number string) {
	t.Helper()
	tx, ok := b.company.Transaction(b.ids[number])
	if !ok {
		t.Fatalf("no invoice %s", number)
	}
	receipt, err := b.company.AddReceipt(aiqtest.Entry{Customer: customer, Amount: tx.Outstanding})
	if err == nil {
		_, err = b.company.Allocate(receipt.ID, tx.ID, tx.Outstanding.Minor)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// exim is a real mail server: STARTTLS with a certificate of its own authority, sign-in only over TLS, everything
// delivered into one Maildir. It does not know the local part "nobody-here".
type exim struct {
	addr   string
	caFile string
	dir    string
}

var eximConfig = template.Must(template.New("exim.conf").Parse(`exim_user = {{.User}}
exim_group = {{.Group}}
deliver_drop_privilege = true
primary_hostname = mail.harbour.example
spool_directory = {{.Dir}}/spool
log_file_path = {{.Dir}}/log/%s
pid_file_path = {{.Dir}}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {{.Port}}
tls_advertise_hosts = *
tls_certificate = {{.Dir}}/cert.pem
tls_privatekey = {{.Dir}}/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
keep_environment =
host_lookup =

begin acl
rcpt:
  deny message = Authentication required
       ! authenticated = *
  deny message = No such user here
       local_parts = nobody-here
  accept

begin routers
everyone:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = {{.Dir}}/mail
  maildir_format
  create_directory
  envelope_to_add
  return_path_add
  user = {{.User}}
  group = {{.Group}}

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{"{{"}}eq{$auth2}{{"{"}}{{.Login}}}{{"}"}}{eq{$auth3}{{"{"}}{{.Password}}}{{"}}}"}}
  server_set_id = $auth2
`))

func newExim(t *testing.T) *exim {
	t.Helper()
	binary := "/usr/sbin/exim4"
	if _, err := os.Stat(binary); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("exim4 is not installed; script/test installs it")
		}
		t.Skip("LEFT OUT: exim4 is not installed here")
	}
	dir, err := os.MkdirTemp("", "dunlin-exim-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	e := &exim{addr: freeAddress(t), caFile: filepath.Join(dir, "ca.pem"), dir: dir}
	who := plainUser(t)
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(e.addr)
	var conf strings.Builder
	if err := eximConfig.Execute(&conf, map[string]string{"User": who.Username, "Group": group.Name, "Dir": dir, "Port": port,
		"Login": mailUser, "Password": mailPassword}); err != nil {
		t.Fatal(err)
	}
	writeCertificate(t, dir)
	writeFile(t, filepath.Join(dir, "exim.conf"), conf.String(), 0o644)
	for _, sub := range []string{"spool", "log"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, "-C", filepath.Join(dir, "exim.conf"), "-bdf")
	cmd.Dir = dir
	if os.Getuid() == 0 {
		give(t, dir, who)
		uid, gid := number(t, who.Uid), number(t, who.Gid)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log", "main"))
			t.Logf("exim said:\n%s%s", said.String(), log)
		}
	})
	waitFor(t, "exim", 20*time.Second, func() bool {
		conn, err := net.DialTimeout("tcp", e.addr, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return e
}

func waitFor(t *testing.T, what string, most time.Duration, so func() bool) {
	t.Helper()
	(&computer{t: t}).wait(what, most, so)
}

// plainUser is who runs the mail server: never root, which exim refuses.
func plainUser(t *testing.T) *user.User {
	t.Helper()
	who, err := user.Current()
	if err == nil && who.Uid == "0" {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func give(t *testing.T, dir string, who *user.User) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(number(t, who.Uid)), int(number(t, who.Gid)))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate makes an authority (ca.pem) and a certificate of it for 127.0.0.1 (cert.pem, key.pem).
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	make := func(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if parentKey == nil {
			parentKey = key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		return der, key
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Harbour test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign}
	caDER, caKey := make(ca, ca, nil)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail.harbour.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, key := make(leaf, ca, caKey)
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"ca.pem": {Type: "CERTIFICATE", Bytes: caDER}, "cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem": {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		writeFile(t, filepath.Join(dir, name), string(pem.EncodeToMemory(block)), 0o600)
	}
}

// letter is one delivered message.
type letter struct {
	mailtest.Parsed
	to string // the envelope's recipient
}

// letters waits for the number of deliveries and takes them apart, by recipient.
func (e *exim) letters(t *testing.T, want int) map[string]letter {
	t.Helper()
	var names []string
	waitFor(t, fmt.Sprintf("the delivery of %d messages", want), 30*time.Second, func() bool {
		names, _ = filepath.Glob(filepath.Join(e.dir, "mail", "new", "*"))
		return len(names) >= want
	})
	out := map[string]letter{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := mailtest.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		to := p.Header.Get("Envelope-To")
		if _, twice := out[to]; twice {
			t.Errorf("two messages for %s", to)
		}
		out[to] = letter{p, to}
	}
	if len(names) != want {
		t.Errorf("%d messages were delivered, want %d", len(names), want)
	}
	return out
}

// postOffice is a mail server in process whose behaviour a test holds in its hand.
func newPostOffice(t *testing.T, behave func(mailtest.Event) mailtest.Fate) *mailtest.Server {
	t.Helper()
	s, err := mailtest.Start(mailtest.Options{Mode: mailtest.STARTTLS, Users: map[string]string{mailUser: mailPassword}, Behave: behave})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// dovesAddress gives DOVE somebody to write to.
func dovesAddress(c *aiqtest.Customer) { c.Email = "ap@dove.example" }
