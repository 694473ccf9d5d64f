"""Portable ECGs at the gateway: files they write, and the way of a recording into the outbox. Needs `maixun[ecg]`."""
