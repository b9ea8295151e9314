"""The ids of the screen's key bindings, which `keymap` in settings.yml may give other keys.

A list of its own, so that a file can be checked without loading the screen; a test compares the two.
"""

from __future__ import annotations

BINDINGS = frozenset(
    {
        "app.help", "app.mouse", "app.palette", "app.quit",
        "choice.left", "choice.pick", "choice.right",
        "changes.leave", "changes.next", "changes.previous", "planning.leave",
        "consent.no", "consent.refuse", "consent.yes",
        "containers.finish", "containers.kill", "containers.pause", "containers.redeploy",
        "containers.mapping", "containers.remove",
        "containers.restart", "containers.stop", "containers.undo", "containers.unpause",
        "containers.group", "containers.logs", "containers.logs_of_all", "containers.mark", "containers.open",
        "containers.reverse", "containers.command", "containers.files", "containers.shell", "containers.sort",
        "details.logs", "details.mapping", "details.reveal",
        "dialog.down",
        "dialog.up",
        "editor.down", "editor.leave", "editor.next", "editor.plan", "editor.previous", "editor.up",
        "form.leave", "form.next", "form.previous",
        "filter.clear", "filter.keep", "filter.rows",
        "help.close", "help.ids",
        "host.connect", "host.logs", "host.switch",
        "hosts.connect", "hosts.logs", "hosts.stock", "hosts.switch",
        "logs.aside_left", "logs.aside_right", "logs.bookmark", "logs.end", "logs.extend_down",
        "logs.extend_up", "logs.follow", "logs.longer", "logs.mark", "logs.next", "logs.only", "logs.open",
        "logs.previous", "logs.raw", "logs.shorter", "logs.times", "logs.wrap",
        "map.adopt", "map.breaks", "map.closer", "map.down", "map.edit", "map.farther", "map.fit", "map.left",
        "map.next", "map.open", "map.page_down", "map.page_up", "map.previous", "map.probe", "map.right",
        "map.up",
        "mappings.apply", "mappings.cut", "mappings.new", "mappings.remove", "mappings.reverse",
        "mappings.sort", "mappings.undo", "mappings.verify",
        "plan.disruptive",
        "prompt.drop", "prompt.keep", "prompt.lines",
        "question.no", "question.refuse", "question.yes",
        "reader.next", "reader.previous", "reader.search", "reader.stop",
        "reading.close", "reading.next", "reading.page_1", "reading.page_2", "reading.page_3",
        "reading.previous",
        "revisions.leave",
        "screen.back", "screen.containers", "screen.copy", "screen.copy_row", "screen.filter",
        "screen.freeze", "screen.hosts", "screen.jobs", "screen.logs", "screen.mappings",
        "screen.next", "screen.previous",
        "screen.problems",
        "screen.save", "screen.timeline", "screen.zoom",
        "search.leave", "search.next", "search.previous",
        "secret.back", "secret.clear", "secret.submit",
        "stock.clean_up", "stock.mark", "stock.measure", "stock.next", "stock.open", "stock.previous",
        "stock.remove", "stock.reverse", "stock.sort", "screen.stock", "sweep.leave", "thing.remove",
        "table.bottom", "table.down", "table.first", "table.open", "table.page_down", "table.page_up",
        "table.top", "table.up",
        "timeline.follow", "timeline.logs", "timeline.open", "timeline.remove",
        "text.bottom", "text.down", "text.page_down", "text.page_up", "text.top", "text.up",
        "verify.again",
    }
)  # fmt: skip
