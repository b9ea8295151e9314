"""Figures in words: where they were first, and are still looked for."""

from console.model.units import clock, percent, size, skew, span, span_words, trip

__all__ = ["clock", "percent", "size", "skew", "span", "span_words", "trip"]
