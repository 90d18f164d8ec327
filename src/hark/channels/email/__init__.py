"""E-mail: messages of strangers, read in a child process that may be killed."""
