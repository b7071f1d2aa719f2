"""The projector: folds facts into views that can be queried, and into metrics."""
