"""How libpq itself reads connection strings.

Takes a JSON list of strings on standard input, and prints a list of what libpq's PQconninfoParse
makes of each: an object of the options, or null where it refuses the string.
"""

import ctypes
import json
import sys


class Option(ctypes.Structure):
    """libpq's PQconninfoOption."""

    _fields_ = [
        (name, ctypes.c_char_p)
        for name in ("keyword", "variable", "compiled", "value", "label", "display")
    ] + [("size", ctypes.c_int)]


libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconninfoParse.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
libpq.PQconninfoParse.restype = ctypes.POINTER(Option)
libpq.PQconninfoFree.argtypes = [ctypes.POINTER(Option)]
libpq.PQfreemem.argtypes = [ctypes.c_void_p]


def read(text):
    """The options in a string."""
    error = ctypes.c_void_p()
    options = libpq.PQconninfoParse(text.encode(), ctypes.byref(error))
    libpq.PQfreemem(error)
    if not options:
        return None
    found = {}
    at = 0
    while options[at].keyword:
        if options[at].value is not None:
            found[options[at].keyword.decode()] = options[at].value.decode(errors="replace")
        at += 1
    libpq.PQconninfoFree(options)
    return found


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
