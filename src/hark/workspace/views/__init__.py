"""The agents' pages over HTTP."""
