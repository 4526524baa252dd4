import numpy as np

from vidfer.crops.detect import Faces
from vidfer.crops.link import link_people, main_person


def faces_of(*squares: tuple[float, float, float], score: float = 0.99) -> Faces:
    """Faces at (x, y, side)."""
    boxes = np.array([[x, y, x + side, y + side] for x, y, side in squares], np.float32).reshape(-1, 4)
    return Faces(boxes, np.zeros((len(boxes), 5, 2), np.float32), np.full(len(boxes), score, np.float32))


def test_two_people_who_move_stay_apart():
    faces = {4 * i: faces_of((10 + 6 * i, 50, 60), (200 - 6 * i, 50, 60)) for i in range(8)}
    faces[12] = Faces(*(values[::-1] for values in vars(faces[12]).values()))  # order says nothing
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
    assert main_person([], (0, 0, 1, 1)) is None
