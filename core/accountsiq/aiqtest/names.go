package aiqtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The words that invented customers are made of. Every mail domain ends in .example.
var (
	families = strings.Fields(`Byrne Kelly Murphy Nolan Walsh Ryan Doyle Gallagher Kennedy Lynch Murray Quinn Moore
		McCarthy O'Brien O'Connor O'Sullivan Dunne Daly Brennan Burke Collins Campbell Clarke Johnston Hughes Farrell
		Fitzgerald Brown Martin Maguire Nevin Flynn Thompson Callaghan Duffy Mahony Boyle Healy Shea White Sweeney Hayes
		Kavanagh Power McGrath Moran Brady Stewart Casey Foley Fitzpatrick Leary McDonnell MacMahon Donnelly Regan
		Whitfield Ashworth Pemberton Hargreaves Ellwood`)
	trades = []string{"Joinery", "Electrical", "Foods", "Logistics", "Garden Centre", "Bakery", "Motors", "Print",
		"Packaging", "Plumbing", "Roofing", "Catering", "Interiors", "Seafoods", "Dairy", "Pharmacy", "Hardware",
		"Landscapes", "Textiles", "Engineering", "Steel", "Timber", "Brewing", "Design", "Optics", "Flooring", "Signs",
		"Stoves", "Glass", "Marine"}
	forms  = []string{" Ltd", " & Sons", " DAC", " Group", " (Ireland) Ltd", " Bros", " & Co", " Services Ltd"}
	firsts = strings.Fields(`Mary Aoife Siobhán Ciara Niamh Gráinne Orla Emma Sarah Helen Patrick Seán Conor Liam Eoin
		Declan Fergal Pádraig James Oliver Graham Nigel Priya Agnieszka Tomasz Chidi`)
	jobs       = []string{"Accounts payable", "Finance manager", "Office manager", "Managing director", "Buyer", "Credit controller"}
	irishTowns = []place{{"Galway", "Co. Galway", "H91"}, {"Cork", "Co. Cork", "T12"}, {"Limerick", "Co. Limerick", "V94"},
		{"Sligo", "Co. Sligo", "F91"}, {"Waterford", "Co. Waterford", "X91"}, {"Dublin", "", "D08"},
		{"Athlone", "Co. Westmeath", "N37"}, {"Tralee", "Co. Kerry", "V92"}, {"Dundalk", "Co. Louth", "A91"}}
	ukTowns = []place{{"Leeds", "West Yorkshire", "LS1"}, {"Bristol", "", "BS1"}, {"Belfast", "Co. Antrim", "BT1"},
		{"Glasgow", "", "G1"}, {"Norwich", "Norfolk", "NR1"}, {"Cardiff", "", "CF10"}}
	streets = []string{"Quay Street", "Mill Road", "Station Road", "Church Lane", "Main Street", "Harbour View",
		"Abbey Business Park", "Castle Court", "Canal Walk", "Market Square"}
	goods = []string{"Oak shelving", "Delivery and fitting", "Monthly supply", "Service contract", "Spare parts",
		"Display units", "Consultancy, 3 days", "Packaging, mixed", "Repairs", "Annual maintenance"}
)

type place struct{ city, county, post string }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// firmName makes the n-th name; names repeat only after all combinations, then a town tells them apart.
func firmName(r *rand.Rand, n int) string {
	all := len(families) * len(trades)
	k := (n * 787) % all // 787 has no factor in common with the number of combinations
	name := families[k%len(families)] + " " + trades[k/len(families)] + forms[n%len(forms)]
	if n >= all {
		name += " " + pick(r, irishTowns).city
	}
	return name
}

// codeOf makes the upper-case code of a name, unique by its number.
func codeOf(name string, n int) string {
	return fmt.Sprintf("%s%03d", strings.ToUpper(ascii(name, 3)), n+1)
}

// domainOf makes an invented mail domain.
func domainOf(name string, n int) string {
	return fmt.Sprintf("%s%d.example", strings.ToLower(ascii(name, 12)), n+1)
}

// ascii keeps the first n plain letters of a name.
func ascii(name string, n int) string {
	var b strings.Builder
	for _, r := range name {
		if b.Len() < n && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			b.WriteRune(r)
		}
	}
	for b.Len() < 3 {
		b.WriteByte('X')
	}
	return b.String()
}
