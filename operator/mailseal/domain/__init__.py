"""What users ask for and what they are told: the specs and statuses of the custom resources."""
