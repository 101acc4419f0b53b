"""DNS backends, each behind the protocol of `mailseal.providers.base`."""
