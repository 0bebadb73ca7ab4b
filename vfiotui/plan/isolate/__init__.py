"""Plans and predictions for devices that guests shall have."""
