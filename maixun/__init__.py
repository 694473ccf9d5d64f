"""The command and the common ground of its processes: configuration, logs, stopping, embedded services."""
