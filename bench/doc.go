// Package bench holds the measurements that the README quotes. Each runs beside a limit or a reference in the
// same run, in processes of their own, so that memory can be told apart: a first load beside the limit program and
// beside xmllint, its memory at three sizes, a delta beside the first load, the look at all open items. It has
// tests only and nothing imports it; the limit program is the one place outside core/store with SQL.
package bench
