"""The simulated platforms as the demo uses them: an account each, with the people who work there."""
