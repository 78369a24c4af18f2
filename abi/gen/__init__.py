"""The parts of abigen.py: model, parse, check, emit, page."""
