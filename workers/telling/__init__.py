"""Alerts on their way out: into words, and to a mail server or a webhook."""
