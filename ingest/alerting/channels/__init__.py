"""Ways to reach somebody: an outbox, one sender a file, one thread a channel."""
