-- Kiosks hold a list of the people of their township (ingest.known_people); it is made anew when the roster's version
-- is another. Moving, leaving and a station's place change that list, and did not raise the version.
create trigger roster_changed_by_moving after update of station_id, left_on on care.resident
    for each statement execute function care.roster_changed();
create trigger roster_changed after update of region_code on care.station
    for each statement execute function care.roster_changed();
