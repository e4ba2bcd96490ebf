"""What the domain asks of the outside world; each docstring is a promise that an adapter keeps."""
