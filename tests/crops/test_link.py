import numpy as np

from vidfer.crops.choose import choose_people
from vidfer.crops.detect import Faces
from vidfer.crops.link import KeyFrame, Person, is_doubtful, link_people

LOOKS = np.random.default_rng(0).uniform(0, 255, (3, 24, 24, 3)).astype(np.float32)
"""What three people look like."""


def faces_of(
    *squares: tuple[float, float, float], score: float = 0.99, shot: int = 0, looks: tuple[int, ...] = ()
) -> KeyFrame:
    """Faces at (x, y, side)."""
    boxes = np.array([[x, y, x + side, y + side] for x, y, side in squares], np.float32).reshape(-1, 4)
    k = len(boxes)
    faces = Faces(
        boxes, np.zeros((k, 5, 2), np.float32), np.full(k, score, np.float32), np.zeros((k, 4), np.float32)
    )
    return KeyFrame(faces, LOOKS[list(looks or [0] * k)], shot)


def main_person(people: list[Person], box_hint, rule: str = "main") -> Person:
    return choose_people(people, rule, box_hint, 320, 240)[0]


def test_two_people_who_move_stay_apart():
    faces = {4 * i: faces_of((10 + 6 * i, 50, 60), (200 - 6 * i, 50, 60)) for i in range(8)}
    turned = Faces(*(values[::-1] for values in vars(faces[12].faces).values()))  # order says nothing
    faces[12] = KeyFrame(turned, faces[12].patches, 0)
    people = link_people(faces)
    assert [len(person.boxes) for person in people] == [8, 8]
    assert people[0].boxes[12][0] == 28 and people[1].boxes[12][0] == 182


def test_who_comes_back_to_the_same_place_is_the_same_person():
    faces = {0: faces_of((50, 50, 60)), 4: faces_of(), 40: faces_of(), 44: faces_of((60, 45, 66))}
    assert [sorted(person.boxes) for person in link_people(faces)] == [[0, 44]]


def test_a_face_elsewhere_or_of_another_size_is_another_person():
    faces = {0: faces_of((50, 50, 60)), 4: faces_of((140, 50, 60)), 8: faces_of((150, 50, 160))}
    assert len(link_people(faces)) == 3


def test_the_main_person_is_near_and_long_in_the_picture():
    faces = {i: faces_of((20, 20, 60), (150, 20, 100)) for i in range(5)}
    assert main_person(link_people(faces), None).boxes[0][0] == 150
    faces |= {i: faces_of((20, 20, 60)) for i in range(5, 20)}
    assert main_person(link_people(faces), None).boxes[0][0] == 20


def test_a_doubtful_print_on_a_shirt_does_not_beat_the_face_above_it():
    faces = {i: faces_of((290, 90, 72)) for i in range(22)}
    people = link_people(faces) + link_people({i: faces_of((240, 180, 160), score=0.85) for i in range(7)})
    assert main_person(people, None).boxes[0][0] == 290


def test_a_hint_names_the_person():
    faces = {i: faces_of((20, 20, 60), (150, 20, 100)) for i in range(5)}
    people = link_people(faces)
    assert main_person(people, (15, 15, 85, 90)).boxes[0][0] == 20
    assert main_person(people, (280, 200, 300, 220)).boxes[0][0] == 150  # meets nobody: as without
    assert choose_people([], "main", (0, 0, 1, 1), 320, 240) == []


def test_people_who_meet_keep_apart_by_their_looks():
    """Two faces so near to each other that the place does not tell."""
    faces = {
        0: faces_of((50, 50, 60), (80, 50, 60), looks=(0, 1)),
        4: faces_of((64, 50, 60), (66, 50, 60), looks=(1, 0)),
    }
    people = link_people(faces)
    assert [len(person.boxes) for person in people] == [2, 2]
    assert people[0].boxes[4][0] == 66 and people[1].boxes[4][0] == 64


def test_after_a_cut_the_look_decides_and_not_the_place():
    faces = {
        0: faces_of((50, 50, 60), looks=(0,)),
        4: faces_of((50, 50, 60), looks=(1,), shot=1),
        8: faces_of((180, 90, 120), looks=(0,), shot=2),
    }
    people = link_people(faces)
    assert [sorted(person.boxes) for person in people] == [[0, 8], [4]]


def test_doubt_is_where_somebody_may_have_moved_fast_or_two_places_fit():
    one, far, two = faces_of((50, 50, 60)), faces_of((200, 50, 60)), faces_of((50, 50, 60), (80, 50, 60))
    nobody = faces_of()
    assert is_doubtful(one, far) and is_doubtful(one, two) and is_doubtful(two, one)
    assert not is_doubtful(one, one) and not is_doubtful(one, nobody) and not is_doubtful(nobody, one)
    assert not is_doubtful(one, faces_of((50, 50, 60), (200, 50, 60)))


def test_rules_choose_whose_face_it_is():
    """Person 0 stays, small, at the side; 1 is large for a while; 2 is small and in the middle."""
    faces = {i: faces_of((10, 10, 50), (130, 95, 50), looks=(0, 2)) for i in range(9)}
    faces[9] = faces_of((10, 10, 50))
    faces |= {i: faces_of((10, 10, 50), (200, 20, 120), looks=(0, 1)) for i in range(10, 16)}
    people = link_people(faces)
    lefts = {rule: main_person(people, None, rule).boxes for rule in ("main", "longest", "largest", "centre")}
    assert {rule: int(boxes[max(boxes)][0]) for rule, boxes in lefts.items()} == {
        "main": 10, "longest": 10, "largest": 10, "centre": 130,
    }  # fmt: skip
    more = {i: faces_of((10, 10, 50), (200, 20, 120), looks=(0, 1)) for i in range(16, 20)}
    assert main_person(link_people(faces | more), None, "largest").boxes[19][0] == 200
    everybody = choose_people(people, "all", None, 320, 240)
    assert len(everybody) == 3 and everybody[0] is main_person(people, None)
