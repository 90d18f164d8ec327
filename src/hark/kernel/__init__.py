"""The ground: jobs, events, ids, time, safe HTTP, safe HTML, secrets, errors, database helpers.

Every room stands on it. Never knows a customer.
"""
