-- What each process may do, and no more. Run after every migration; none of them may change the schema.
grant usage on schema care, telemetry to maixun_ingest, maixun_alerting, maixun_api;
grant usage on schema fleet to maixun_ingest, maixun_api;
grant usage on schema identity, reporting to maixun_api;

do $$ begin  -- batches are staged in a temporary table
    execute format('grant temporary on database %I to maixun_ingest, maixun_api, maixun_rollup', current_database());
end $$;

-- ingest: the roster without birthdays, and never a name
grant select on care.device, care.assignment, care.station, care.roster_version to maixun_ingest;
grant select (token, resident_id) on care.person_token to maixun_ingest;
grant select (resident_id, token, station_id, left_on) on care.resident to maixun_ingest;
grant select, insert on telemetry.ledger, telemetry.reading, telemetry.held, telemetry.work to maixun_ingest;
grant select, insert, update on telemetry.gateway_status to maixun_ingest;
grant usage on schema reporting to maixun_ingest;
grant insert on reporting.dirty to maixun_ingest, maixun_api;
grant insert on telemetry.waveform to maixun_ingest, maixun_api;
grant select on fleet.settings to maixun_ingest;
grant select (gateway, station_id, revoked_at) on fleet.gateway to maixun_ingest;   -- whom a kiosk may recognise
grant update (kept_at, refused_at, refused_why) on fleet.settings to maixun_ingest;

-- notify: whom to tell and where; names only to print them masked
grant usage on schema care, identity to maixun_notify;
grant select on care.station, care.episode, care.episode_event, care.leave, care.duty, care.deputy to maixun_notify;
grant select (staff_id, display_name, role, station_id, region_prefix, active) on care.staff to maixun_notify;
grant select (resident_id, station_id, doctor_id) on care.resident to maixun_notify;
grant select on identity.contact, identity.person to maixun_notify;
grant select, insert, delete on care.escalation_work to maixun_notify;
grant select, insert, update on care.escalation, care.notice, care.notice_attempt, care.incident to maixun_notify;
grant select, insert on care.incident_event to maixun_notify;
grant insert on care.escalation_work to maixun_alerting, maixun_api; -- by the triggers on those tables

-- api: the rota
grant insert, update on care.leave, care.duty to maixun_api;
grant insert, update, delete on care.deputy, identity.contact to maixun_api;

-- alerting: reads people and readings, writes episodes, consumes work
grant select on care.device, care.assignment, care.station, care.resident, care.condition to maixun_alerting;
grant select (staff_id, role, station_id, active) on care.staff to maixun_alerting;
grant select on telemetry.reading, telemetry.gateway_status to maixun_alerting;
grant select, insert, delete on telemetry.work to maixun_alerting;
grant update (resident_id) on care.resident to maixun_alerting;     -- to lock rows; an identity column cannot be changed
grant select, insert, update on care.episode to maixun_alerting;
grant select, insert on care.episode_event to maixun_alerting;
grant select, insert, update on care.incident to maixun_alerting;
grant select, insert on care.incident_event to maixun_alerting;
grant usage on schema fleet to maixun_alerting;                     -- which gateways are in service
grant select (gateway, station_id, revoked_at) on fleet.gateway to maixun_alerting;
grant select (device, reason, received_at) on telemetry.held to maixun_alerting;   -- how many, never what was measured
grant select on care.contract, care.threshold_override to maixun_alerting;
grant select (display_name) on care.staff to maixun_alerting;       -- whose limits hold for a resident
grant select, insert, update on care.review to maixun_alerting;

-- alerting: questions about data quality
grant usage on schema reporting to maixun_alerting;
grant select on care.visit_now to maixun_alerting;
grant select, insert, delete on reporting.question to maixun_alerting;
grant select, insert on reporting.question_look to maixun_alerting;

-- follow-ups: the dispatcher plans, the api records visits; whatever changes a fact leaves work for the dispatcher
grant select on care.visit, care.visit_now, care.contract, care.follow_up, care.follow_up_planned, care.follow_up_work
    to maixun_alerting;
grant insert, update on care.follow_up, care.follow_up_planned to maixun_alerting;
grant insert, delete on care.follow_up_work to maixun_alerting;
grant insert on care.follow_up_work, care.visit to maixun_api;
grant usage on care.visit_number to maixun_api;
grant update (left_on, left_why) on care.resident to maixun_api;    -- a death or a move found at a visit

-- api: what a page shows, what a doctor decides, who looked
grant select on all tables in schema care, telemetry, identity, fleet, reporting to maixun_api;
grant insert, update on care.episode, care.staff to maixun_api;
grant insert on care.episode_event, care.incident_event, care.audit to maixun_api;
grant update on care.incident to maixun_api;                        -- acknowledged, closed
grant insert on care.threshold_override to maixun_api;
grant update (ended_at, ended_by, ended_why) on care.threshold_override to maixun_api;
grant insert, update, delete on care.session, care.sign_in_failure to maixun_api;
grant insert on telemetry.ledger, telemetry.held, telemetry.reading, telemetry.work to maixun_api;  -- releases (ingest.held)
grant update, delete on telemetry.ledger, telemetry.held to maixun_api;

-- api: the fleet
grant insert, update on care.device, care.assignment to maixun_api;
grant update on care.roster_version to maixun_api;                  -- by the trigger on those tables
grant update (claimed_at) on fleet.enrolment to maixun_api;
grant insert on fleet.certificate, fleet.settings to maixun_api;
grant update (revoked_at) on fleet.certificate to maixun_api;       -- a machine that was replaced, or is revoked
grant update (revoked_at) on fleet.gateway to maixun_api;
grant update (expires_at) on fleet.enrolment to maixun_api;
grant select on public.schema_migration to maixun_api;              -- is the schema this version's? (/health/ready)

-- api: reports; the figures of a closed one are guarded by triggers
grant insert, update on reporting.report to maixun_api;
grant insert, delete on reporting.report_basis to maixun_api;
grant insert on reporting.reconciliation to maixun_api;

-- rollup: folds readings by person and month, and sees nothing else
grant usage on schema telemetry, reporting to maixun_rollup;
grant select on telemetry.reading to maixun_rollup;
grant select, delete on reporting.dirty to maixun_rollup;
grant select, insert, update, delete on reporting.person_month, reporting.rhythm to maixun_rollup;

-- api: the console
grant insert on care.note to maixun_api;
grant usage on sequence care.note_number to maixun_api;
grant insert, update, delete on care.looking to maixun_api;
-- api: replays of rules, by a process of its own that takes this role too
grant insert on care.rule_replay to maixun_api;
grant update (state, done, people, seen_at, why, report, ended_at) on care.rule_replay to maixun_api;

-- api: imports by an administrator; a file waits sealed for its confirmation
grant insert, update on care.station, care.resident, care.condition, care.contract, identity.person, reporting.population
    to maixun_api;
grant insert on care.person_token to maixun_api;
grant insert, delete on care.import_upload to maixun_api;

-- figures: counts people by the indicators' SQL, never by name, and publishes; the api reads what was published, and never
-- the numbers behind what was hidden
grant usage on schema care, telemetry, reporting to maixun_figures;
grant select on care.station, care.resident, care.condition, care.contract, care.visit_now, care.follow_up to maixun_figures;
grant select on reporting.person_month, reporting.population, reporting.dirty to maixun_figures;
grant select, insert, update on reporting.figure_release, reporting.figure_memory to maixun_figures;
revoke all on reporting.figure_memory from maixun_api;
-- figures: a report's draft that waits is taken anew with the release
grant select on reporting.report to maixun_figures;
grant update (revision, taken_at, tables, definitions, shown, waits) on reporting.report to maixun_figures;
grant select, insert, delete on reporting.report_basis to maixun_figures;

-- api: what became of suspect and high-risk residents
grant insert on care.screening_decision to maixun_api;
