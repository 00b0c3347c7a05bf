"""Opening a message for judging: octets in, frozen values out; pure, linear, and never an exception."""
