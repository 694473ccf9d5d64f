-- A file between its dry run and its confirmation. Sealed with the identity key, for it holds names; gone within the hour.
create table care.import_upload (
    upload_id    uuid primary key default gen_random_uuid(),
    staff_id     integer not null references care.staff,   -- nobody else can confirm it
    kind         text not null,
    file_name    text not null,
    sealed       bytea not null,
    uploaded_at  timestamptz not null
);
