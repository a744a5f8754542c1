"""The walls of the schema, each met by what it is there to refuse; and migrations, forward and back."""
