"""The laboratory around the pattern: sandboxes, the action language, the journal, clocks and lessons."""
