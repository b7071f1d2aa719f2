"""FRRouting routers: vtysh over SSH, guarded by Wavegate's dead-man on the router."""
