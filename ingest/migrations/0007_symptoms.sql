-- What people answer at a kiosk, for the watch for fever and diarrhoea: 1 yes, 0 no.
alter type telemetry.kind add value 'symptoms';
alter table telemetry.reading add column fever real, add column diarrhoea real;
