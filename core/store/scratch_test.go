package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestScratch(t *testing.T) {
	ctx := context.Background()
	dir := "/tmp/h4scratch"
	_, err0 := os.Stat(dir)
	s := openStore(t, dir)
	data := big(10_000, 100_000, 1)
	if err0 != nil {
		data.save(t, s)
		write(t, s, func(tx *Tx) error { return tx.SaveOutlook(ctx, OutlookStamp{}, data.outlook()) })
	}
	for _, opt := range []string{"", "&_pragma=mmap_size(268435456)", "&_pragma=cache_size(-65536)"} {
		db, _ := sql.Open("sqlite", dsn(s.path, "mode=ro&_query_only=1"+opt))
		db.SetMaxOpenConns(1)
		fmt.Println("==", opt)
		for _, q := range []string{
			"SELECT t.id, t.outstanding, t.currency FROM transactions t WHERE t.type IN ('SI','SD') AND t.gone_at=0 AND t.outstanding>0 ORDER BY t.due, t.number, t.id",
			"SELECT count(*) FROM transactions t WHERE t.type IN ('SI','SD') AND t.gone_at=0 AND t.outstanding>0",
			"SELECT group_concat(id) FROM (SELECT t.id FROM transactions t WHERE t.type IN ('SI','SD') AND t.gone_at=0 AND t.outstanding>0 ORDER BY t.due, t.number, t.id)",
			"SELECT group_concat(x) FROM (SELECT id||' '||outstanding||currency AS x FROM transactions t WHERE t.type IN ('SI','SD') AND t.gone_at=0 AND t.outstanding>0 ORDER BY t.due, t.number, t.id)",
			"SELECT currency, sum(outstanding) FROM transactions t WHERE t.type IN ('SI','SD') AND t.gone_at=0 AND t.outstanding>0 GROUP BY 1",
			"SELECT t.id FROM transactions t WHERE instr(t.folded, 'zzzz')>0",
			"SELECT t.id FROM transactions t WHERE t.folded LIKE '%zzzz%'",
			"SELECT t.id FROM transactions t WHERE (instr(t.folded, 'zzzz')>0 OR t.account_id IN (SELECT account_id FROM customers WHERE instr(folded, 'zzzz') > 0))",
			"SELECT id, account_id, number, type, issued, due, currency, amount, outstanding, disputed, reversed, missing <> 0 FROM transactions WHERE type IN ('SI','SD') AND outstanding <> 0 AND gone_at = 0 AND outstanding > 0 ORDER BY id",
			"SELECT group_concat(id||char(31)||account_id||char(31)||number||char(31)||type||char(31)||issued||char(31)||due||char(31)||currency||char(31)||amount||char(31)||outstanding||char(31)||disputed||reversed||(missing <> 0), char(30)) FROM transactions WHERE type IN ('SI','SD') AND gone_at = 0 AND outstanding > 0",
			"SELECT currency, due, sum(outstanding), count(*) FROM transactions t WHERE type IN ('SI','SD') AND t.outstanding <> 0 AND t.gone_at = 0 AND t.outstanding > 0 GROUP BY 1, 2 ORDER BY 1, 2",
			"SELECT * FROM customers",
		} {
			for i := range 2 {
				c0, w0 := cpu(), time.Now()
				rows, err := db.QueryContext(ctx, q)
				if err != nil {
					t.Fatal(q, err)
				}
				cols, _ := rows.Columns()
				dst := make([]any, len(cols))
				for i := range dst {
					dst[i] = new(sql.RawBytes)
				}
				n := 0
				for rows.Next() {
					rows.Scan(dst...)
					n++
				}
				rows.Close()
				if i == 1 {
					fmt.Printf("cpu %4d wall %4d rows %d %.90s\n", (cpu() - c0).Milliseconds(), time.Since(w0).Milliseconds(), n, q)
				}
			}
		}
		db.Close()
	}
}
