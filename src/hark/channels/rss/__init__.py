"""RSS and Atom: what others publish, heard and never answered by Hark."""
