-- Corrections are few: whether a visit has a later version is asked of those alone, so that a county's visits are read once.
-- A later version of anything is at least the second.
create index visit_corrected on care.visit (visit_id, version) where version > 1;
create or replace view care.visit_now as
    select v.* from care.visit v
    where not v.entered_in_error
      and not exists (select 1 from care.visit later
                      where later.visit_id = v.visit_id and later.version > v.version and later.version > 1);

-- Most figures ask for one kind in one setting; the folder writes a month's rows in this order too.
create index person_month_of_kind on reporting.person_month (kind, setting, month);
