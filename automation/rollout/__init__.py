"""The rollout: what follows from what is asked, observed and due. Pure; the clock and every id are passed in."""
