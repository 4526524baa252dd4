"""Make: drives clips through the crops room into a cache, so that nothing finished is ever lost.

The way of a clip, file by file:

1. ``build_cache`` takes the lock; ``builder`` repeats the next steps until the cache is what is wanted.
2. ``plan`` finds out which clips are finished (``existing_clips``) and which have to be read.
3. ``read_clips`` gives each of these to a worker process (``workers``), which reads it, follows the faces and
   cuts the crops (``worker``), and writes them as a part (``write_part``).
4. ``join`` copies all parts into one cache, and checks every byte.

With several processes, ``other_processes`` gives each its share, which ``read_share`` reads; a ``heartbeat``
shows that each is alive. ``merge``, ``export``, ``relabel`` and ``repair`` make a cache of finished ones.
"""
