"""Step 2 of 7: translate.

One folder per venue: the venue's dialect to Hark's words and back, over HTTP, nothing else. Never has tables,
retries or a sense of time.
"""
