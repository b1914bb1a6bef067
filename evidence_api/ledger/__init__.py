"""The ledger: entry bytes, chains, commitments and their verification (LEDGER.md, version 1)."""
