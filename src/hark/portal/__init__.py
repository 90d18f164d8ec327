"""Shows: the customers' pages (chat widget, contact form, conversation link).

Takes what a visitor may see, gives pages in the brand's colours; never shows an internal note and never trusts a
visitor's word about who he is.
"""
