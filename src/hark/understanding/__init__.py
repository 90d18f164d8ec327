"""Step 3 of 7, understanding: what does it say?

Takes texts with their context, gives readings with reasons; never touches the network, a clock, the database or Django
(`apps` and `models`, which hold the brands' learnt weights, are the only modules that know Django).

Enter by `analyse`; the mood of a contact is folded in `mood.mood`; `command.understand` is the command line. What is
named here is the library that stands alone (docs/understanding.md, "From Python"); load the models once and keep them.
"""

from hark.understanding.analyse import analyse
from hark.understanding.folds import moods
from hark.understanding.loading import Models, load_models
from hark.understanding.types import BrandProfile, Context, HistoryItem, Mood, Reading

__all__ = ["BrandProfile", "Context", "HistoryItem", "Models", "Mood", "Reading", "analyse", "load_models", "moods"]
