from made_faces import faces_of

from vidfer.crops.detect.faces import Faces
from vidfer.crops.track.link import KeyFrame, is_ambiguous, link_people


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


def test_a_face_elsewhere_or_of_another_size_is_another_person_unless_it_looks_the_same():
    squares = {0: (50, 50, 60), 4: (140, 50, 60), 8: (150, 50, 160)}
    three = {frame: faces_of(square, looks=(frame // 4,)) for frame, square in squares.items()}
    assert len(link_people(three)) == 3
    one = {frame: faces_of(square) for frame, square in squares.items()}
    assert [sorted(person.boxes) for person in link_people(one)] == [[0, 4, 8]]


def test_a_face_at_the_same_place_that_looks_altogether_unlike_is_another_person():
    faces = {0: faces_of((50, 50, 60)), 4: faces_of(), 8: faces_of((52, 50, 60), looks=(1,))}
    assert [sorted(person.boxes) for person in link_people(faces)] == [[0], [8]]


def test_who_is_found_at_their_place_is_not_looked_for_elsewhere():
    """Two people who look alike: one goes, one comes; who stays is known by the place."""
    faces = {0: faces_of((50, 50, 60), (200, 50, 60)), 4: faces_of((350, 50, 60), (201, 50, 60))}
    people = link_people(faces)
    assert [int(person.boxes[4][0]) for person in people] == [350, 201]


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
    assert is_ambiguous(one, far) and is_ambiguous(one, two) and is_ambiguous(two, one)
    assert not is_ambiguous(one, one) and not is_ambiguous(one, nobody) and not is_ambiguous(nobody, one)
    assert not is_ambiguous(one, faces_of((50, 50, 60), (200, 50, 60)))
    assert is_ambiguous(one, faces_of((50, 50, 60), looks=(1,)))
