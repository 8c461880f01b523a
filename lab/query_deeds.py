"""A page is read: from its read model, or as a strategy from the write store."""

from cqrs.read import queries
from lab import limits, truth
from lab.actions import Query
from lab.outcome import CannotDo, Done, Line
from lab.own import shown
from lab.stores import Stores
from lab.targets import named, no_model


def query(stores: Stores, action: Query, line: Line) -> Done:
    """Read a page, and say as of which event it is."""
    named(stores, action.model)
    projection = stores.projection(action.model)
    if projection is None or action.model == "all":
        raise CannotDo(no_model(stores, action.model))
    head, told = stores.write.head(), None
    if action.via == "write":
        if truth.source(action.model) is None:
            raise CannotDo(f"only built-in read models can be asked in the write store, and {action.model} is your own")
        page = queries.Page(
            truth.rows(stores.write.connection, projection, action.key, limits.MAX_QUERY_ROWS), as_of=head
        )
    else:
        page = queries.query(stores.reader, projection, action.key, limits.MAX_QUERY_ROWS)
        goal = stores.rebuilding().get(action.model)
        told = f"{action.model} is being rebuilt: {page.as_of:,} of {goal:,} events" if goal else None
    seen = {
        "model": action.model,
        "key": action.key,
        "via": action.via,
        "as_of": page.as_of,
        "head": head,
        "waited": line.waited,
        "result": [{column: shown(value) for column, value in row.items()} for row in page.rows],
    }
    return Done(reason=told, position=page.as_of, query=seen)
