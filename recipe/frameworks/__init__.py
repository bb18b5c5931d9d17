"""Experiments out of what was written for another framework: read from its objects, never changed.

No library is imported here before one of its objects is given: an object is known by the names of
its classes.
"""
