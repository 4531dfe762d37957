"""From what a delivery says to order links and refunds in the ledger."""
