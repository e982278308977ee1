"""Work that must finish: leased, fenced, retried, quarantined; and the followers that hand acts on to later rooms."""
