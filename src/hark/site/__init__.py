"""Wires everything: settings, urls, the ASGI application, the supervisor and the `hark` command.

Top of the house. Takes the environment, gives running processes; never holds logic of its own.
"""
