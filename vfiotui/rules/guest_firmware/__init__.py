"""Rules about guests' firmware and machine."""
