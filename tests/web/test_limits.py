"""The page of limits."""

from bs4 import BeautifulSoup

from lab.limits_told import groups


def test_the_page_tells_every_limit_with_the_value_that_the_program_goes_by(client):
    page = BeautifulSoup(client.get("/limits").text, "html5lib")
    assert [title.text for title in page.select("main h2")] == [group.title for group in groups()]
    rows = {row.select_one("th > code:last-child").text: row.select_one("td.n").text for row in page.select("tbody tr")}
    assert rows == {limit.name: limit.value for group in groups() for limit in group.limits}


def test_the_way_there_is_on_the_pages_that_tell_of_them(client):
    assert 'href="/limits"' in client.get("/teach").text
    assert 'href="/limits"' in client.get("/words").text
