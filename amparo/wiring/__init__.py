"""The only place that knows all rooms: settings, urls, followers, panels, processes, the command line."""
