"""What the rules say: policy files become one frozen ``Policy``, facts become a verdict."""
