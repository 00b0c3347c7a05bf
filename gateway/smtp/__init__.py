"""The client's side of SMTP; the only place that knows aiosmtpd."""
