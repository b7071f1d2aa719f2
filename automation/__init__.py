"""What should happen, and how: change files, pure rollout logic, config text, Nornir tasks, platforms."""
