"""What name servers answer, as opposed to what a provider says it holds."""
