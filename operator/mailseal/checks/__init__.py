"""Live checks of mail domains: what their DNS records and their mail servers show to the world now.

One small package or module per subject. Each gathers by I/O, bounded in time, and judges by pure functions.
"""
