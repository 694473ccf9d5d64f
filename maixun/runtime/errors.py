"""What can go wrong with the embedded services, each named for what the reader must do next."""

from __future__ import annotations


class PackagesUnavailable(Exception):
    """Debian packages cannot be fetched here; the message says why and what to install or set instead."""


class ServiceFailed(Exception):
    """A service did not start or died; the message ends with the last lines of its log."""
