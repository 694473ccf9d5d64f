"""From decoded packets to readings, one module a kind: each has `readings(found, recorder)`."""
