-- The proof of a customer's balance: AccountsIQ's figure beside the sum of our items, both as they were when
-- the two were compared. The figures alone, compared with items read later, would prove nothing.
DROP TABLE balances;
CREATE TABLE balance_checks (
  account_id INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  reported   INTEGER NOT NULL,
  ours       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (account_id, currency)
) STRICT, WITHOUT ROWID;
CREATE INDEX balance_checks_differ ON balance_checks (account_id) WHERE reported <> ours;

-- Complete lists in a row that did not have the customer; the second makes it gone.
ALTER TABLE customers ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;

-- Notes on their way into AccountsIQ, one for each message that went while the owner wanted them.
CREATE TABLE account_notes (
  message    TEXT PRIMARY KEY, -- Message.ID
  account_id INTEGER NOT NULL,
  tag        TEXT NOT NULL,    -- stands in the text, to find the note again
  text       TEXT NOT NULL,
  state      TEXT NOT NULL,    -- waiting, written, refused
  attempts   INTEGER NOT NULL,
  at         INTEGER NOT NULL, -- waiting: not tried before; else when it was settled
  error      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_notes_waiting ON account_notes (at) WHERE state = 'waiting';

-- Numbers are shared between customers; the look before a message asks which of one customer's are.
CREATE INDEX transactions_number ON transactions (number) WHERE type IN ('SI', 'SD');

-- What was edited is looked for by its document at every pull; going through 100,000 rows for that takes 30 ms.
CREATE INDEX transactions_document ON transactions (document_id) WHERE document_id <> 0;
