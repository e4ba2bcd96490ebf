"""`cnop documents`: registers what may be run where only trusted documents are."""

import argparse
import asyncio

from web.cli_environment import environ
from web.cli_output import DONE, tell
from web.logs import set_up_logs
from web.registering import documents_in, register
from web.settings_reading import read_store


def run_documents(options: argparse.Namespace) -> int:
    """Register the documents of files, and print the hash of each."""
    set_up_logs("WARNING", as_json=False)
    store = read_store(environ(CNOP_STORE=options.store))
    documents = documents_in(options.files)
    new = asyncio.run(register(store, documents.values()))
    print("\n".join(documents))
    tell(f"cnop: {len(documents)} documents are registered; {new} of them are new.")
    return DONE
