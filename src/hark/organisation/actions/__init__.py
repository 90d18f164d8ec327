"""The writers of the organisation, one file per subject."""
