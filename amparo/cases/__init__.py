"""Cases: people, groups, posts, identifiers, devices and timelines of one investigation; nobody in them is scored."""
