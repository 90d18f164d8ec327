"""What venues share: signatures, careful JSON, text that can be stored, splitting, one HTTP attempt with the four errors."""
