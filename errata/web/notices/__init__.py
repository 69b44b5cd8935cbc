"""What is sent, where and when: preferences, channels, the log."""
