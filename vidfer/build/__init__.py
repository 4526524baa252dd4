"""Make: drives clips through the crops room into a cache, so that nothing finished is ever lost.

The way of a clip, file by file:

1. ``build_cache`` takes the lock; ``builder`` repeats the next steps until the cache is what is wanted.
2. ``plan_build`` finds out which clips are finished (``existing_clips``) and which have to be read.
3. ``read_clips`` gives each of these to a worker process (``workers``). There ``make_part`` reads the clip,
   follows the faces, cuts the crops, and writes them as a part (``part``, ``write_part``).
4. ``join`` copies all parts into one cache, and checks every byte.

A launcher may start several processes (``process_group``). The main one gives each of the others its share of
the clips (``other_processes``), and they read it (``read_share``). Each shows by a ``heartbeat`` that it is
alive. ``merge``, ``export``, ``relabel`` and ``repair`` make a cache of finished ones (``rewrite_cache``).
"""
