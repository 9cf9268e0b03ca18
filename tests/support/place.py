"""place.py - a directory for temporary files whose name web servers and shells take as it stands.

Shapes  short_and_plain() is tempfile's own, or /tmp where that has a blank, or is too long for sockets
Units   characters
Errors  none
Source  unix(7): a socket's path has 107 bytes at most
"""

import re
import tempfile

LONGEST = 50  # leaves room for "mcpd-e2e-xxxxxxxx/run/fcgid/" and the name of a socket


def short_and_plain():
    """short_and_plain - configurations and transcripts hold it without quotes"""
    place = tempfile.gettempdir()
    return place if re.fullmatch(r"[\w/.+-]+", place) and len(place) <= LONGEST else "/tmp"
