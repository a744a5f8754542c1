"""What people see: pure functions from data to text and buttons. No database, no network, no clock in here."""
