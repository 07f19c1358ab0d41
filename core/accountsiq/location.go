package accountsiq

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// Location is one installation of AccountsIQ. Installations are separate: keys of one mean
// nothing to another.
type Location struct {
	Code string // uk1, eu1, eu2, us1; "" for an address that was typed
	Name string // for people, such as "UK1 (United Kingdom)"
	Base string // scheme://host[:port], no path
}

// Host returns the host, with the port if the address names one.
func (l Location) Host() string {
	_, host, _ := strings.Cut(l.Base, "://")
	return host
}

// Locations returns the four known installations in the order in which they are offered
// (contract section 2).
func Locations() []Location {
	return []Location{
		{"uk1", "UK1 (United Kingdom)", "https://uk1.accountsiq.com"},
		{"eu1", "EU1 (Europe 1)", "https://eu1.accountsiq.com"},
		{"eu2", "EU2 (Europe 2)", "https://eu2.accountsiq.com"},
		{"us1", "US1 (United States)", "https://us1.accountsiq.com"},
	}
}

// ParseLocation reads what an owner types or pastes: the code of a location, or an address. Of a
// pasted page address only scheme, host and port are kept; https is added when the scheme is
// missing. Plain http is accepted for this computer itself only. A wrong one gives an *Error with
// the code "bad_location" or "insecure_location".
func ParseLocation(s string) (Location, error) {
	s, _ = CleanKey(s)
	for _, l := range Locations() {
		if strings.EqualFold(s, l.Code) {
			return l, nil
		}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "https", s
		if !looksLikeHost(rest) {
			return Location{}, newError(pBadLocation, "")
		}
	}
	u, err := url.Parse(strings.ToLower(scheme) + "://" + rest)
	if err != nil || u.User != nil {
		return Location{}, newError(pBadLocation, "")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	port := u.Port()
	switch n, err := strconv.Atoi(port); {
	case !isHost(host), port != "" && (err != nil || n < 1 || n > 65535):
		return Location{}, newError(pBadLocation, "")
	case u.Scheme == "http" && !isLoopback(host):
		return Location{}, newError(pInsecureLocation, "")
	case u.Scheme != "http" && u.Scheme != "https":
		return Location{}, newError(pBadLocation, "")
	case u.Scheme == "https" && n == 443, u.Scheme == "http" && n == 80:
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	base := u.Scheme + "://" + host
	for _, l := range Locations() {
		if base == l.Base {
			return l, nil
		}
	}
	return Location{Name: host, Base: base}, nil
}

// looksLikeHost reports whether a text without a scheme starts with something that can be a host:
// a name with a dot, an address, or localhost.
func looksLikeHost(s string) bool {
	host, _, _ := strings.Cut(s, "/")
	if bracketed, _, ok := strings.Cut(host, "]"); ok {
		return strings.HasPrefix(bracketed, "[")
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.EqualFold(host, "localhost") || strings.Contains(strings.Trim(host, "."), ".")
}

// isHost reports whether s is an address or a name of labels between dots.
func isHost(s string) bool {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Zone() == ""
	}
	for label := range strings.SplitSeq(s, ".") {
		strange := func(r rune) bool { return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
		if label == "" || strings.ContainsFunc(label, strange) {
			return false
		}
	}
	return true
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// CleanKey takes out of a pasted key, id or address what belongs to the pasting and not to the
// value: spaces, commas and quotes around it, and line ends and invisible characters anywhere.
// changed reports whether there was any, so that the form can say so.
func CleanKey(s string) (clean string, changed bool) {
	clean = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	clean = strings.TrimFunc(clean, isStray)
	return clean, clean != s
}

// isStray reports whether a character at the edge of a pasted value comes from around it.
func isStray(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(",;，、\"'`´“”„‟‘’‚‛«»‹›", r)
}

// hasStray reports whether a value that was refused holds characters that keys do not have, as a
// likely reason: white space, commas, quotes, anything outside ASCII.
func hasStray(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return isStray(r) || r > unicode.MaxASCII || unicode.IsControl(r) })
}
