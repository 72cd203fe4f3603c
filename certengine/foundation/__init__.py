"""The ground floor: settings, database, clock, ids, canonical JSON, keys, files, jobs, errors. No domain word."""
