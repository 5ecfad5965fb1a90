"""Timelines, played through the shipped rules and the example for Alertmanager, and who should be told what."""
