from vidfer.report.choose_clips import ClipVerdict, choose_strips


def verdict(clip_id, right, confidence, has_face=True):
    return ClipVerdict(
        clip_id=clip_id,
        label="happy",
        prediction="happy" if right else "sad",
        confidence=confidence,
        has_face=has_face,
    )


def test_surest_right_then_surest_wrong_ties_by_id():
    verdicts = [
        verdict("c", True, 0.9),
        verdict("b", True, 0.9),
        verdict("a", True, 0.5),
        verdict("w1", False, 0.6),
        verdict("w2", False, 0.99),
        verdict("w3", False, 0.7),
        verdict("faceless", False, 1.0, has_face=False),
    ]
    chosen = [v.clip_id for v in choose_strips(verdicts)]
    assert chosen == ["b", "c", "w2", "w3"]
    assert [v.clip_id for v in choose_strips(verdicts[::-1])] == chosen


def test_fewer_than_asked():
    assert [v.clip_id for v in choose_strips([verdict("only", False, 0.4)])] == ["only"]
    assert choose_strips([]) == []
