"""What Utpost tells its operators: metrics on a shared board, health, and a log without content."""
