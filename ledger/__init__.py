"""What both sides know: the durable record of deliveries, orders and refunds, and the words for it."""
