"""The motivated exception (2.3): codes in letters, reasons from answers, and the register that keeps them."""
