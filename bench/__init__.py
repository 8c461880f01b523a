"""The benchmark: each figure is a ratio to a peer that is measured in turn with it, in the same run."""
