"""Reports by mail, form or partner: what arrived, what was read of it, where it stands in the queue and why."""
