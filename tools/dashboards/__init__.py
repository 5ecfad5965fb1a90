"""Generates the dashboards of ``grafana/dashboards`` out of tables of panels and the catalogue of metrics.

``boards/`` has one module, and so one table, for each dashboard; a panel is a row of it. Descriptions, units and lists
of states come from the catalogue (``catalogue.py``), runbook addresses from the rules, ids from keys (``drawing.py``).
"""
