"""Training: classes, lessons, attendance in minutes, completion assessment, training certificates."""
