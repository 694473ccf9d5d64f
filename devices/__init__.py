"""What a meter says: pure decoding, placing in time and identity; no I/O, no imports from the rest of Maixun."""
