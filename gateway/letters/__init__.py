"""The letters that Utpost writes to senders: composed, kept until they are delivered, carried out."""
