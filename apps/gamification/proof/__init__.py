"""The proof: signed checkpoints over the ledger, written outside the database too, and what checks all of it.

`merkle`, `checkpoints` and `index` are pure; `sealing` makes checkpoints, `outside` keeps the file, `comparing` and
`ranges` check, `verifying` runs a whole verification and remembers it, `exporting` and `rebuilding` serve the commands.
"""
