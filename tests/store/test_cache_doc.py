import re
from pathlib import Path

import numpy as np
from made_up_caches import make_cache

from vidfer.store.reader import CropCache
from vidfer.store.schema import FRAME_COLUMNS, LATER_TEXT_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "cache.md").read_text("utf-8")


def test_the_lines_of_the_page_read_a_cache(tmp_path):
    code = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    path = make_cache(tmp_path, lengths=(4, 6))
    names = {}
    exec(code.replace("cache/afew.h5", str(path)), names)
    cache = CropCache(path)
    mouth = cache.read(0, [0])[0, 2].transpose(1, 2, 0)
    np.testing.assert_array_equal(names["mouth"][..., ::-1], mouth)
    np.testing.assert_array_equal(names["status"], cache.frames(0).status)
    assert names["clips"]["id"][0].decode() == cache.clips[0].id


def test_the_page_names_every_column():
    for name in (*TEXT_COLUMNS, *LATER_TEXT_COLUMNS, *NUMBER_COLUMNS, *FRAME_COLUMNS, "jpeg_offset"):
        assert f"`{name}`" in PAGE, name
