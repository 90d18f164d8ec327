"""The reader of mail: any bytes in, a `Mail` out. The reading itself happens in a child that may be killed.

`read_mail` and `part_of` never raise for what the bytes hold; what they cost is capped (`caps`).
"""

from hark.channels.email.reader.front import part_of, read_mail

__all__ = ["part_of", "read_mail"]
