"""Answers: help centre, articles and suggestions.

Empty for now: the room stands so that its place is known.
"""
