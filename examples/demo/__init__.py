"""mailseal at work on a real Kubernetes API server and a real BIND, all on loopback: `make demo`."""
