"""The milter front end: an MTA asks about each message before it takes it (Sendmail's mail filter protocol)."""
