"""Adapters on a model: create, load, save, switch, mix."""
