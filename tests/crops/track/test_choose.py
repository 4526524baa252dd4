from made_faces import faces_of

from vidfer.crops.track.choose import choose_people
from vidfer.crops.track.link import Person, link_people


def main_person(people: list[Person], box_hint, rule: str = "main") -> Person:
    return choose_people(people, rule, box_hint, 320, 240)[0]


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
