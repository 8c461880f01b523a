"""Who may do what: every route of the application for each kind of visitor, and nobody reaches what is another's."""

import io
import secrets
import zipfile

import pytest

from app import create_app
from tests.web.routes import OWNERS_LINES, PEOPLE, ROWS, SECRET, sent
from tests.web.visits import act, assert_guarded, dump, sandbox_ids

SAFE = {"HEAD", "OPTIONS"}
LOOKING = [way for way in ROWS if way.startswith("GET")]
CHANGING = [way for way in ROWS if not way.startswith("GET")]


class People:
    """One client each, who have what ``routes`` says of them."""

    def __init__(self, folder):
        self.app = create_app(folder)
        self.parts = self.app.extensions["lagoon"]
        self.clients = {name: self.app.test_client() for name in PEOPLE}
        for line in OWNERS_LINES:
            assert act(self.clients["owner"], line)["outcome"] in ("accepted", "done")
        self.clients["owner"].post("/lessons/L00/hint")
        act(self.clients["visitor"], "pause")
        cookie = self.clients["owner"].get_cookie("session").value
        self.clients["forged"].set_cookie("session", cookie[:-6] + ("AAAAAA" if cookie[-6:] != "AAAAAA" else "BBBBBB"))
        with self.clients["gone"].session_transaction() as session:
            session["sandboxes"] = {"free": secrets.token_urlsafe(16)}

    def kept(self, name):
        """Return all that is kept of one of the two who have something: sandboxes with their journals, progress."""
        with self.clients[name].session_transaction() as session:
            known = dict(session)
        sandboxes = {one: dump(self.parts, one) for one in known["sandboxes"].values()}
        return sandboxes, self.parts.progress.load(known.get("progress"))

    def everything(self):
        """Return which sandboxes there are, and what is kept of those two."""
        return sorted(sandbox_ids(self.parts)), self.kept("owner"), self.kept("visitor")


def people_in(folder):
    people = People(folder)
    yield people
    people.parts.close()


@pytest.fixture(scope="module")
def lookers(tmp_path_factory):
    """People who only look, so that one set of them will do for all routes."""
    yield from people_in(tmp_path_factory.mktemp("lookers"))


@pytest.fixture
def people(tmp_path):
    """People who act."""
    yield from people_in(tmp_path)


def test_no_route_is_without_a_row_and_no_row_without_a_route(app):
    there = {f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in rule.methods - SAFE}
    assert set(ROWS) == there


@pytest.mark.parametrize("way", LOOKING)
def test_everybody_sees_what_is_theirs_and_changes_nothing(lookers, way):
    row, before = ROWS[way], lookers.everything()
    for name, status in zip(PEOPLE, row.statuses, strict=True):
        client = lookers.clients[name]
        with client.get(row.address, buffered=False) as response:
            assert response.status_code == status, name
            assert_guarded(response)
            if name != "owner":
                assert SECRET not in content(response), name
        with client.head(row.address) as response:
            assert response.status_code == status, name
        assert client.options(row.address).status_code == 200
    assert lookers.everything() == before


def test_the_owner_does_see_it(lookers):
    told = set()
    for way in LOOKING:
        with lookers.clients["owner"].get(ROWS[way].address, buffered=False) as response:
            told |= {way} if SECRET in content(response) else set()
    assert {"GET /", "GET /export", "GET /share", "GET /row/<model>/<key>", "GET /table/<store>/<name>"} <= told


def content(response):
    """Return the text of a response; of an archive, that of all its files; of a stream, its first words."""
    if response.mimetype == "text/event-stream":
        return next(response.response).decode()
    if response.mimetype != "application/zip":
        return response.get_data().decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(response.get_data())) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


@pytest.mark.parametrize("way", CHANGING)
def test_whoever_changes_something_changes_only_what_is_theirs(people, way):
    row = ROWS[way]
    for name, status in zip(PEOPLE, row.statuses, strict=True):
        others = [other for other in ("owner", "visitor") if other != name]
        if row.first:
            people.clients[name].post(row.first[0], data=row.first[1])
        before = [people.kept(other) for other in others]
        response = people.clients[name].open(row.address, method=way.split()[0], data=sent(row))
        assert response.status_code == status, name
        assert_guarded(response)
        assert SECRET not in response.text or name == "owner"
        assert [people.kept(other) for other in others] == before, name


def test_what_a_route_does_not_take_it_refuses(lookers):
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
    for rule in {way.split()[1] for way in ROWS}:
        taken = {way.split()[0] for way in ROWS if way.split()[1] == rule}
        address = next(row.address for way, row in ROWS.items() if way.split()[1] == rule)
        for method in methods - taken:
            assert lookers.clients["owner"].open(address, method=method).status_code in (404, 405), (method, address)
