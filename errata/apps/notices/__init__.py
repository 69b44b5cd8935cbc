"""What people and channels are told: inbox, watch modes, deliveries."""
