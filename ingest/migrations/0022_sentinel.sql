-- The watch for outbreaks looks through the last months' answers and temperatures every few minutes; they are a small part.
create index reading_for_sentinel on telemetry.reading (measured_at) where kind in ('symptoms', 'temperature');
