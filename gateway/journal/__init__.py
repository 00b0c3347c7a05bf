"""What is kept of each message: one record without content, for a limited time."""
