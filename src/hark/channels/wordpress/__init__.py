"""WordPress: comments on the company's own site, by its REST API and an application password."""
