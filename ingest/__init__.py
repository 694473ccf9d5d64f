"""From the broker to the database: open, assign, check, store once, receipt."""
