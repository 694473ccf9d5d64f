"""The edge: reads meters, keeps every reading on disk until the server has it, and passes it on over MQTT."""
