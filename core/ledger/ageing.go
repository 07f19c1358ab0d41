package ledger

// Bucket is an ageing bucket (R1.4).
type Bucket int

// The buckets in order of age.
const (
	Current Bucket = iota // not due, or due today
	Days1to30
	Days31to60
	Days61to90
	Days91to120
	Days121up
	Buckets // how many there are
)

var bucketNames = [Buckets]string{"current", "1-30", "31-60", "61-90", "91-120", "121+"}

// String returns the name that the command line uses, such as "31-60".
func (b Bucket) String() string { return bucketNames[b] }

// BucketOf returns the one bucket of an age in days; age is today minus due date (R1.3, R1.4).
func BucketOf(age int) Bucket {
	switch {
	case age <= 0:
		return Current
	case age <= 30:
		return Days1to30
	case age <= 60:
		return Days31to60
	case age <= 90:
		return Days61to90
	case age <= 120:
		return Days91to120
	}
	return Days121up
}

// Ageing is the outstanding sum of one currency by bucket. Its cells always add up to Total.
type Ageing struct {
	Currency string
	Cells    [Buckets]int64 // minor units
	Total    int64          // minor units
	Count    int            // open invoices
}

// Add puts an open amount of the given age into its bucket.
func (a *Ageing) Add(age int, minor int64) {
	a.Cells[BucketOf(age)] += minor
	a.Total += minor
	a.Count++
}
