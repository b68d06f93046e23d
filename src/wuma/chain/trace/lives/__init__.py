"""What became of things: state, containment, genealogy, holders; pure folds over the events that stand."""
