"""What WhatsApp, Facebook and Instagram share: signed calls, the Graph API and its errors, and private talks."""
