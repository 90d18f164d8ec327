"""What venues share: signatures, careful JSON, storable text, splitting, one HTTP attempt with the four errors."""
