"""Faults under load: what is acknowledged to a meter is in the ledger, once. `make faults` runs all of them."""
