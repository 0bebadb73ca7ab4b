"""Screen 1: findings, groups, symptoms, and the evidence."""
