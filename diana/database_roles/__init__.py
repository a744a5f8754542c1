"""The roles of the database: which part of Diana may do what to which table. PostgreSQL holds them to it.

The matrix is a file of the deployment (`config/database_rights.toml`); nothing here knows a table of an app.
"""
