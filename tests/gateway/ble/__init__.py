"""The real bleak against emulated meters."""
