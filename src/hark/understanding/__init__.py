"""Step 3 of 7, understanding: what does it say?

Takes texts with their context, gives readings with reasons; never touches the network, a clock, the database or Django
(`apps` and `models`, which hold the brands' learnt weights, are the only modules that know Django).

Enter by `analyse.analyse`; the mood of a contact is folded in `mood.mood`; `command.understand` is the command line.
"""
