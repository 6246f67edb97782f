"""The site: everything that speaks HTTP, and the wiring.

Kept empty: the database supervisor starts from this package and must not load Django or Celery.
"""
