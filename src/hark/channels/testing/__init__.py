"""What a venue is proved with: the conformance suite (a pytest plugin) and a stand-in venue."""
