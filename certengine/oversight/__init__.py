"""What a supervisor reads and checks: the programme at a glance, replays of draws and marks."""
