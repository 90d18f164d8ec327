"""What templates of the desk may say."""
