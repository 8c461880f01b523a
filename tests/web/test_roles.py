"""Who may do what: every route of the application for each kind of visitor, and nobody reaches what is another's."""

import io
import secrets
import shutil
import zipfile

import pytest

from app import create_app
from tests.web.routes import OWNERS_LINES, PEOPLE, ROWS, SECRET, sent
from tests.web.visits import act, assert_guarded, dump, sandbox_ids

SAFE = {"HEAD", "OPTIONS"}
LOOKING = [way for way in ROWS if way.startswith("GET")]
CHANGING = [way for way in ROWS if not way.startswith("GET")]


def prepare(folder):
    """Make a home in which the owner and the visitor have what ``routes`` says of them; return their cookies."""
    app = create_app(folder)
    owner, visitor = app.test_client(), app.test_client()
    for line in OWNERS_LINES:
        assert act(owner, line)["outcome"] in ("accepted", "done")
    owner.post("/lessons/L00/hint")
    act(visitor, "pause")
    app.extensions["lagoon"].close()
    return {"owner": owner.get_cookie("session").value, "visitor": visitor.get_cookie("session").value}


class People:
    """One client each, in a home that was prepared."""

    def __init__(self, folder, cookies):
        self.app = create_app(folder)
        self.parts = self.app.extensions["lagoon"]
        # What moves by itself would look like something that somebody else did.
        self.parts.worker.stop()
        self.clients = {name: self.app.test_client() for name in PEOPLE}
        forged = cookies["owner"][:-6] + ("AAAAAA" if cookies["owner"][-6:] != "AAAAAA" else "BBBBBB")
        for name, cookie in {**cookies, "forged": forged}.items():
            self.clients[name].set_cookie("session", cookie)
        with self.clients["gone"].session_transaction() as session:
            session["sandboxes"] = {"play": secrets.token_urlsafe(16)}

    def kept(self, name):
        """Return all that is kept of one of the two who have something: sandboxes with their journals, progress."""
        with self.clients[name].session_transaction() as session:
            known = dict(session)
        sandboxes = {one: dump(self.parts, one) for one in known["sandboxes"].values()}
        return sandboxes, self.parts.progress.load(known.get("progress"))

    def everything(self):
        """Return which sandboxes there are, and what is kept of those two."""
        return sorted(sandbox_ids(self.parts)), self.kept("owner"), self.kept("visitor")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that was prepared, and the cookies of those who have something there."""
    folder = tmp_path_factory.mktemp("home")
    return folder, prepare(folder)


def people_in(home, folder):
    people = People(shutil.copytree(home[0], folder / "home"), home[1])
    yield people
    people.parts.close()


@pytest.fixture(scope="module")
def lookers(home, tmp_path_factory):
    """People who only look, so that one set of them will do for all routes."""
    yield from people_in(home, tmp_path_factory.mktemp("lookers"))


@pytest.fixture
def people(home, tmp_path):
    """People who act."""
    yield from people_in(home, tmp_path)


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
        if name in ("owner", "nobody"):
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
