"""Questions to and updates of one DNS server, without a resolver in between: messages, sockets, faults."""
