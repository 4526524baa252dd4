"""Let torch's threads sleep while they wait for each other. Import this before torch, which reads it once.

By default they ask again and again whether the others are ready. That saves some microseconds on a machine
with nothing else to do. On a busy one a thread burns its share of the processor while the one it waits for
has none: two threads then took 20 times the processor time of one, and 10 times as long. Asleep, they take
1.5 times the processor time; by the clock they were faster than one in some runs, and slower in others.

Whoever sets OMP_WAIT_POLICY keeps it.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a variable of OpenMP
