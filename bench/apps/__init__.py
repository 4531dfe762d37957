"""What the service is measured against, served by the same gunicorn under the same settings."""
