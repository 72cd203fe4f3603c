"""An append-only Merkle log with public checkpoints. Actors and subjects are opaque; it knows no entry kind."""
