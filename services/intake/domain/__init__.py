"""The rules of intake: values in, values out; no I/O, no clock, no chance."""
