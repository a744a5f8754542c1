"""Points: rules, the ledger that proves them, levels, streaks and boards."""
