"""The tests, one folder for each kind; each folder is a package, so file names may repeat."""
