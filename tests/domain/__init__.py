"""The rules alone: no I/O, fakes for every port, a clock that the test sets."""
