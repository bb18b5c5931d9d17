"""One fit and what it is made of: data, batches, optimizers, schedules, monitors."""
