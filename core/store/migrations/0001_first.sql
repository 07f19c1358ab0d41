-- Amounts are whole minor units beside a currency column. Dates are text YYYY-MM-DD, '' for none.
-- Instants are milliseconds since 1970 in UTC, 0 for none. Truths are 0 and 1.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts the committed changes of what the planner's decisions depend on.
CREATE TABLE version (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  n  INTEGER NOT NULL
) STRICT;
INSERT INTO version VALUES (1, 1);

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE watermarks (
  name TEXT PRIMARY KEY,
  at   INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE company (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  entity        TEXT NOT NULL,
  name          TEXT NOT NULL,
  base_currency TEXT NOT NULL,
  locale        TEXT NOT NULL,
  country       TEXT NOT NULL,
  email         TEXT NOT NULL,
  consolidation INTEGER NOT NULL
) STRICT;

CREATE TABLE currencies (
  code TEXT PRIMARY KEY,
  rate TEXT NOT NULL,
  base INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credit_terms (
  code         TEXT PRIMARY KEY,
  days         INTEGER NOT NULL,
  end_of_month INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
  account_id     INTEGER PRIMARY KEY,
  code           TEXT NOT NULL,
  name           TEXT NOT NULL,
  contact        TEXT NOT NULL,
  email          TEXT NOT NULL,
  currency       TEXT NOT NULL,
  credit_term_id TEXT NOT NULL,
  credit_limit   TEXT NOT NULL,
  active         INTEGER NOT NULL,
  on_hold        INTEGER NOT NULL,
  head_office    INTEGER NOT NULL,
  created        TEXT NOT NULL,
  phones         TEXT NOT NULL, -- JSON
  addresses      TEXT NOT NULL, -- JSON
  folded         TEXT NOT NULL, -- code, name, contact and address for searching
  gone_at        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX customers_code ON customers (code);

-- Contacts have no id in AccountsIQ; code, name and address identify one.
CREATE TABLE contacts (
  account_code TEXT NOT NULL,
  name         TEXT NOT NULL,
  email        TEXT NOT NULL,
  job_title    TEXT NOT NULL,
  phone        TEXT NOT NULL,
  note         TEXT NOT NULL,
  is_primary   INTEGER NOT NULL,
  PRIMARY KEY (account_code, name, email)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_prefs (
  account_id   INTEGER PRIMARY KEY,
  stopped      INTEGER NOT NULL,
  hold_until   TEXT NOT NULL,
  schedule_set INTEGER NOT NULL,
  schedule     TEXT NOT NULL,
  replied_at   INTEGER NOT NULL,
  note         TEXT NOT NULL
) STRICT;

CREATE TABLE recipients (
  account_id INTEGER NOT NULL,
  email      TEXT NOT NULL, -- in lower case
  chosen     INTEGER NOT NULL DEFAULT 0,
  normal     INTEGER NOT NULL DEFAULT 0,
  escalated  INTEGER NOT NULL DEFAULT 0,
  cc         INTEGER NOT NULL DEFAULT 0,
  bounced_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, email)
) STRICT, WITHOUT ROWID;

-- The balance of an account by AccountsIQ's own word.
CREATE TABLE balances (
  account_id INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  PRIMARY KEY (account_id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE transactions (
  id                INTEGER PRIMARY KEY,
  account_id        INTEGER NOT NULL,
  account_code      TEXT NOT NULL,
  type              TEXT NOT NULL,
  document_id       INTEGER NOT NULL,
  batch             INTEGER NOT NULL,
  number            TEXT NOT NULL,
  reference         TEXT NOT NULL,
  currency          TEXT NOT NULL,
  amount            INTEGER NOT NULL,
  outstanding       INTEGER NOT NULL,
  base_amount       TEXT NOT NULL,
  issued            TEXT NOT NULL,
  due               TEXT NOT NULL,
  created           TEXT NOT NULL,
  disputed          INTEGER NOT NULL,
  reversed          INTEGER NOT NULL,
  due_from_terms    INTEGER NOT NULL, -- AccountsIQ gave no due date
  first_seen        TEXT NOT NULL,
  closed_on         TEXT NOT NULL,    -- when it was first seen settled, '' while open
  folded            TEXT NOT NULL,    -- number, reference and amounts for searching
  order_amount      INTEGER NOT NULL, -- about the value in base currency: for ordering, never shown
  order_outstanding INTEGER NOT NULL,
  missing           INTEGER NOT NULL DEFAULT 0, -- looks in which AccountsIQ did not answer with it
  gone_at           INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Every index slows the first load down, and going through all of 100,000 rows takes 20 ms.
CREATE INDEX transactions_open ON transactions (account_id, type, currency, due, outstanding, order_outstanding) WHERE outstanding <> 0 AND gone_at = 0;
CREATE INDEX transactions_closed ON transactions (closed_on) WHERE closed_on <> '';
CREATE INDEX transactions_missing ON transactions (missing) WHERE missing <> 0;

CREATE TABLE invoice_prefs (
  transaction_id INTEGER PRIMARY KEY,
  stopped        INTEGER NOT NULL,
  disputed       INTEGER NOT NULL,
  hold_until     TEXT NOT NULL,
  expected       TEXT NOT NULL,
  schedule_set   INTEGER NOT NULL,
  schedule       TEXT NOT NULL,
  note           TEXT NOT NULL
) STRICT;

-- The amount is kept as AccountsIQ wrote it: which of the two sides' currency it is in is not said.
CREATE TABLE allocations (
  id      INTEGER NOT NULL, -- whether it is one of a match or of a batch of them is not attested
  from_id INTEGER NOT NULL,
  to_id   INTEGER NOT NULL,
  amount  TEXT NOT NULL,
  date    TEXT NOT NULL,
  created TEXT NOT NULL,
  PRIMARY KEY (id, from_id, to_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocations_from ON allocations (from_id);
CREATE INDEX allocations_to ON allocations (to_id);

CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
  name    TEXT PRIMARY KEY,
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mailboxes (
  address       TEXT PRIMARY KEY COLLATE NOCASE,
  name          TEXT NOT NULL,
  smtp_host     TEXT NOT NULL,
  smtp_port     INTEGER NOT NULL,
  smtp_security TEXT NOT NULL,
  smtp_user     TEXT NOT NULL,
  smtp_auth     TEXT NOT NULL,
  imap_host     TEXT NOT NULL,
  imap_port     INTEGER NOT NULL,
  imap_security TEXT NOT NULL,
  imap_user     TEXT NOT NULL,
  imap_auth     TEXT NOT NULL,
  ca_file       TEXT NOT NULL,
  normal        INTEGER NOT NULL,
  escalated     INTEGER NOT NULL,
  cc            INTEGER NOT NULL,
  forewarn      INTEGER NOT NULL,
  verified_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id       TEXT PRIMARY KEY,
  slot_at  INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  started  INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  state    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  approved INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_started ON runs (started);

CREATE TABLE decisions (
  run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  body   BLOB NOT NULL -- gzip
) STRICT;

CREATE TABLE messages (
  id                  TEXT PRIMARY KEY,
  run_id              TEXT NOT NULL,
  key                 TEXT NOT NULL UNIQUE,
  kind                TEXT NOT NULL,
  state               TEXT NOT NULL,
  automatic           INTEGER NOT NULL,
  account_id          INTEGER NOT NULL,
  customer_code       TEXT NOT NULL,
  part                TEXT NOT NULL,
  step                INTEGER NOT NULL,
  step_offset         INTEGER NOT NULL,
  multi               INTEGER NOT NULL,
  template            TEXT NOT NULL,
  channel             TEXT NOT NULL,
  escalated_sender    INTEGER NOT NULL,
  escalated_recipient INTEGER NOT NULL,
  sender              TEXT NOT NULL,
  recipients          TEXT NOT NULL, -- JSON
  cc                  TEXT NOT NULL, -- JSON
  subject             TEXT NOT NULL,
  message_id          TEXT NOT NULL,
  in_reply_to         TEXT NOT NULL,
  refs                TEXT NOT NULL, -- JSON
  created             INTEGER NOT NULL,
  planned_for         INTEGER NOT NULL,
  sending_at          INTEGER NOT NULL,
  accepted_at         INTEGER NOT NULL,
  updated             INTEGER NOT NULL,
  next_attempt        INTEGER NOT NULL,
  attempts            INTEGER NOT NULL,
  error               TEXT NOT NULL,
  reason              TEXT NOT NULL
) STRICT;
CREATE INDEX messages_state ON messages (state);
CREATE INDEX messages_planned ON messages (planned_for);
CREATE INDEX messages_account ON messages (account_id);
CREATE INDEX messages_run ON messages (run_id) WHERE run_id <> '';
CREATE INDEX messages_message_id ON messages (message_id) WHERE message_id <> '';

-- Beside messages, so that lists and history never read the bodies.
CREATE TABLE message_bodies (
  id   TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  raw  BLOB NOT NULL,
  folded TEXT NOT NULL -- subject, text, addresses and numbers for searching
) STRICT;

CREATE TABLE message_invoices (
  message        TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  place          INTEGER NOT NULL, -- order in the message
  transaction_id INTEGER NOT NULL,
  number         TEXT NOT NULL,
  part           TEXT NOT NULL,
  step_offset    INTEGER NOT NULL,
  step           INTEGER NOT NULL,
  outstanding    INTEGER NOT NULL,
  currency       TEXT NOT NULL,
  PRIMARY KEY (message, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_invoices_transaction ON message_invoices (transaction_id);

CREATE TABLE events (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  at             INTEGER NOT NULL,
  kind           TEXT NOT NULL,
  account_id     INTEGER NOT NULL,
  transaction_id INTEGER NOT NULL,
  message        TEXT NOT NULL,
  run_id         TEXT NOT NULL,
  text           TEXT NOT NULL,
  detail         TEXT NOT NULL,
  folded         TEXT NOT NULL
) STRICT;
CREATE INDEX events_account ON events (account_id) WHERE account_id <> 0;
CREATE INDEX events_transaction ON events (transaction_id) WHERE transaction_id <> 0;
CREATE INDEX events_message ON events (message) WHERE message <> '';
CREATE INDEX events_run ON events (run_id) WHERE run_id <> '';

CREATE TABLE syncs (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  started  INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  was_full INTEGER NOT NULL,
  ok       INTEGER NOT NULL,
  code     TEXT NOT NULL,
  message  TEXT NOT NULL,
  hint     TEXT NOT NULL,
  counts   TEXT NOT NULL -- JSON
) STRICT;

-- What the planner said about every open receivable. Made from the rest and replaced whole. What lists
-- filter and sort by is apart from the texts, so that reading 100,000 of them stays quick.
CREATE TABLE outlook (
  transaction_id INTEGER PRIMARY KEY,
  account_id     INTEGER NOT NULL,
  status         TEXT NOT NULL,
  held_reason    TEXT NOT NULL,
  next_date      TEXT NOT NULL,
  fingerprint    INTEGER NOT NULL -- of both tables' columns, to find what changed
) STRICT;
CREATE INDEX outlook_account ON outlook (account_id, status, next_date);

CREATE TABLE outlook_texts (
  transaction_id INTEGER PRIMARY KEY,
  due_part       TEXT NOT NULL,
  due_step       INTEGER NOT NULL,
  due_offset     INTEGER NOT NULL,
  next_part      TEXT NOT NULL,
  next_step      INTEGER NOT NULL,
  next_offset    INTEGER NOT NULL,
  held_until     TEXT NOT NULL,
  held_text      TEXT NOT NULL,
  sentence       TEXT NOT NULL
) STRICT;

CREATE TABLE outlook_stamp (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  version     INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  today       TEXT NOT NULL
) STRICT;
