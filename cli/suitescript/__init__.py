"""The NetSuite sender: a SuiteCloud project that reports changed records, and the code that writes it."""
