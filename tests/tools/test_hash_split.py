"""Holding out files by their hash."""

import hash_split
from refused import refused

from vidfer.errors import SettingError
from vidfer.tables import read_table


def test_equal_files_stay_together_and_new_files_move_no_other(tmp_path):
    folder = tmp_path / "data" / "happy"
    folder.mkdir(parents=True)
    for i in range(40):
        (folder / f"{i}.png").write_bytes(b"picture %d" % i)
    (folder / "copy.png").write_bytes(b"picture 3")

    def held_out() -> set[str]:
        settings = hash_split.Settings(src="folder", root=folder.parent, out=tmp_path / "split.csv", parts=4)
        hash_split.main(settings)
        rows = read_table(settings.out, ["id", "split"])
        assert {row["split"] for row in rows} == {"val"}
        return {row["id"] for row in rows}

    first = held_out()
    # Of these files SHA-256 is a multiple of four.
    numbers = [*(str(i) for i in (3, 6, 15, 19, 23, 30, 34, 35)), "copy"]
    assert first == {f"happy/{number}.png" for number in numbers}
    (folder / "new.png").write_bytes(b"another picture")
    assert held_out() - {"happy/new.png"} == first
    with refused(SettingError, "--parts 1"):
        hash_split.main(
            hash_split.Settings(src="folder", root=folder.parent, out=tmp_path / "x.csv", parts=1)
        )
