"""The customers' pages over HTTP. None of them reads or sets a cookie."""
