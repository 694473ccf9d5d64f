-- The curves of ECGs. Apart from the readings, so that their pages stay small; no foreign key, as everywhere there.
create table telemetry.waveform (
    resident_id    bigint not null,
    reading_id     uuid not null,
    sampling_rate  double precision not null check (sampling_rate > 0),  -- samples a second
    samples        integer not null check (samples > 0),
    microvolts     bytea not null,           -- packed as devices.waveform does
    primary key (resident_id, reading_id)
);
alter table telemetry.waveform alter column microvolts set storage external;  -- it is deflated already
