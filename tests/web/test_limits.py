"""The page of limits."""

from bs4 import BeautifulSoup

from lab.limits_told import functions, groups, in_short


def page_of(client):
    return BeautifulSoup(client.get("/limits").text, "html5lib")


def test_the_page_tells_every_limit_with_the_value_that_the_program_goes_by(client):
    page = page_of(client)
    assert [title.text for title in page.select("section.limits h2")] == [group.title for group in groups()]
    rows = {row.select_one("td > code").text: row.select_one("td.n").text for row in page.select("tbody tr")}
    assert rows == {limit.name: limit.value for group in groups() for limit in group.limits}


def test_what_a_learner_asks_first_stands_first_with_its_values(client):
    page = page_of(client)
    short = page.select_one("#limits-short")
    assert [title.text for title in short.select("h2")] == [each.asks for each in in_short()]
    assert short.select_one("li strong").text == "10,000 characters"
    assert "250 ms" in short.text
    assert {code.text for code in short.select("details code")} == set(functions()) >= {"count", "date", "json_extract"}
    assert not {"load_extension", "randomblob", "sqlite_version"} & set(functions())


def test_the_contents_lead_to_every_group_and_a_server_s_are_folded_away(client):
    page = page_of(client)
    targets = [link["href"][1:] for link in page.select(".limits-of a")]
    assert all(page.find(id=target) for target in targets)
    assert {title["id"] for title in page.select("section.limits h2")} < set(targets)
    folded = page.select_one("details#limits-server")
    assert [title.text for title in folded.select("section h2")] == [g.title for g in groups() if g.for_a_server]
    assert not folded.has_attr("open")


def test_the_way_there_is_on_the_pages_that_tell_of_them(client):
    for path, href in (("/teach", "/limits"), ("/words", "/limits"), ("/sql/read", "/limits")):
        assert f'href="{href}"' in client.get(path).text
