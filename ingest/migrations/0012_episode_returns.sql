-- An alert that comes back says what it comes back from, and its history says until when each promise was to hold.
alter table care.episode
    add column returned_from text check (returned_from in ('acknowledged', 'shelved'));   -- null: it did not come back, or somebody acted
alter table care.episode_event
    add column returns_at timestamptz;       -- until when it was taken over or set aside with this change
