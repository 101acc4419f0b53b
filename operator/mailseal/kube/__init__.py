"""The operator: kopf handlers of a few lines over a store, two work queues and a reporter."""
