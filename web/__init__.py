"""The edge: ASGI app, composition, settings and command line; the only importer of adapters."""
