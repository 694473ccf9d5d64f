"""Indicators as versioned definitions, and the reports made of them."""
