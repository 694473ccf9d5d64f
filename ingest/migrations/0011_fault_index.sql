-- The few readings in which a meter itself reports a low battery or a fault: devices.reading.Flag BATTERY_LOW,
-- SENSOR_MALFUNCTION, GENERAL_FAULT. Kept apart, so that looking for them never reads the others.
create index reading_with_fault on telemetry.reading (measured_at, device_id) where flags & 65728 <> 0;
