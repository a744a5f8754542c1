"""Times that both the processes under torture and the faults must know; imported by either without Django."""

# A message that its worker holds for longer is given to another: every pause of the torture is longer.
VISIBILITY_SECONDS = 3
# Waiting for a row, working on a statement, resting in a transaction: PostgreSQL ends what takes longer.
LOCK_SECONDS, STATEMENT_SECONDS, IDLE_SECONDS = 2, 6, 4
