"""Planning: what a change would do to each device, and the plan over all of them. Writes to no device."""
