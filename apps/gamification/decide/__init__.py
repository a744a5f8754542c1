"""The pure core: what a fact does to an account under the rules. No ORM, no clock, no I/O."""
