"""What `vidfer sources` prints."""

from vidfer.clips import SOURCES
from vidfer.commands.sources import main


def test_every_source_is_described(capsys):
    assert main([]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.partition("\n")[0] for block in blocks[:-1]] == list(SOURCES)
    for block, source in zip(blocks, SOURCES.values()):
        told = [line.split(maxsplit=1)[1] for line in block.splitlines()[1:]]
        parts = [source.parts] if source.parts else []
        assert told == [source.layout, *parts, source.labels, source.size, source.licence]
    assert "my_source.py:my_clips" in blocks[-1]
