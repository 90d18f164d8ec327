"""The `hark` command's own parts; those that compute on files live in their rooms."""
