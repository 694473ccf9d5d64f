-- One index serves a month's rows of any kind as well as those of one kind in one setting: a folded row is entered twice, not
-- three times.
create index person_month_of_month_and_kind on reporting.person_month (month, kind, setting);
drop index reporting.person_month_of_month;
drop index reporting.person_month_of_kind;
