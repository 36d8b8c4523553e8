# METADATA
# title: Who may call whom
# description: |
#   The access table of an Isthmus lab, as a decision. Ask data.isthmus.access.decision with
#   {"from": "west/frontend/frontend", "to": "west/backend/backend", "method": "GET", "path": "/api/"}.
#   With "upgrade": true the request asks to switch protocols (to a websocket).
#   `from` is a service id or "anybody"; `path` is as the proxies read it, with or without its query.
#   A path that they would read as another one is refused: normalise it first (isthmus access explain tells how).
package isthmus.access

default allow := false

allow if count(grounds) > 0

decision := {"allow": allow, "grounds": grounds, "reasons": reasons}

# Rows that let the request pass, by their index in the lab file; "page" for what anybody may read.
grounds contains row.index if {
	some row in candidates
	readable
	not upgrade_refused(row)
	method_matches(row)
	path_matches(row)
}

# Why not.
reasons contains "no row" if {
	not allow
	count(candidates) == 0
}

reasons contains "unreadable" if {
	not allow
	count(candidates) > 0
	not readable
}

reasons contains "upgrade" if {
	not allow
	readable
	switch_refused
}

reasons contains "method" if {
	not allow
	count(candidates) > 0
	readable
	not switch_refused
	every row in candidates { not method_matches(row) }
}

reasons contains "path" if {
	not allow
	readable
	not switch_refused
	some row in candidates
	method_matches(row)
}

candidates contains row if {
	some row in data.isthmus.table.rows
	row.from == input.from
	row.to == input.to
}

switch_refused if {
	count(candidates) > 0
	every row in candidates { upgrade_refused(row) }
}

# What follows a switch of protocols is not read: only a row that allows everything allows one.
upgrade_refused(row) if {
	input.upgrade
	count(row.methods) + count(row.paths) > 0
}

upgrade_refused(_) if {
	input.upgrade
	input.to in data.isthmus.table.no_upgrades
}

method_matches(row) if count(row.methods) == 0

method_matches(row) if input.method in row.methods

path_matches(row) if count(row.paths) == 0

path_matches(row) if plain_path in row.paths

path_matches(row) if {
	some path in row.paths
	endswith(path, "/")
	startswith(plain_path, path)
}

plain_path := split(input.path, "?")[0]

# Where only connections are looked at, nothing of a request is, unless the caller's own proxy reads it.
readable if {
	connections_only
	not caller_reads
}

readable if {
	connections_only
	caller_reads
	well_formed
}

readable if {
	not connections_only
	well_formed
	not regex.match(`(?i)%(2f|5c)`, plain_path)
	not regex.match(`(^|/)[.][.]?;`, plain_path)
}

connections_only if input.to in data.isthmus.table.connections_only

caller_reads if split(input.from, "/")[0] in data.isthmus.table.reading_meshes

well_formed if {
	regex.match(`^/[!-~]*$`, input.path)
	not contains(input.path, "#")
	not regex.match(`[\\"<>^\x60{|}]`, plain_path)
	not regex.match(`(?i)%(00|2e|2d|5f|7e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])`, plain_path)
	not regex.match(`(^|/)[.][.]?(/|$)`, plain_path)
	not contains(trim_prefix(plain_path, "/"), "//")
	not regex.match(`^//.`, plain_path)
	input.method in data.isthmus.table.methods
}
