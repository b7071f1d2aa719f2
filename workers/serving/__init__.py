"""What each process shows of itself: /metrics and /healthz."""
