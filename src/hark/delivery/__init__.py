"""The out-box.

Takes replies stored before they are sent, gives receipts; never interprets content and never repeats a send whose
fate is unknown where the venue cannot tell.
"""
