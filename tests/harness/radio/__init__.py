"""A virtual radio: real GATT, L2CAP and SMP between emulated meters and the unmodified bleak, no hardware."""
