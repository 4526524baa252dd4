"""Keep: the crop cache, one HDF5 file (docs/cache.md).

``schema`` says what lies where, ``records`` what is known of a clip. ``reader`` reads a cache, and ``writer``
writes one. ``hashes`` say what a cache holds, and ``verify`` recomputes them. ``select`` finds clips by
label, subject or split. ``inspect`` and ``failures`` describe a cache to people.
"""
