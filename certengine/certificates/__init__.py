"""One engine for training and grade certificates: content, layout, signature, verification, revocation."""
