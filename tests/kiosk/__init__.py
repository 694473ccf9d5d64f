"""The kiosk: stories on pseudo-terminals, real HTTP and a real outbox."""
