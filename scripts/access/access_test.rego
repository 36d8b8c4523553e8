package isthmus.access_test

import data.isthmus.access

table := {
	"rows": [
		{"index": 0, "from": "w/a/a", "to": "w/b/b", "methods": ["GET"], "paths": ["/api/", "/v1.0"]},
		{"index": 1, "from": "w/a/a", "to": "w/b/b", "methods": ["POST"], "paths": []},
		{"index": 2, "from": "w/b/b", "to": "e/c/c", "methods": [], "paths": []},
		{"index": 3, "from": "w/b/b", "to": "e/d/d", "methods": [], "paths": []},
		{"index": 4, "from": "e/d/d", "to": "e/c/c", "methods": [], "paths": []},
		{"index": "page", "from": "anybody", "to": "w/a/a", "methods": ["GET", "HEAD"], "paths": []},
	],
	"connections_only": ["e/c/c"],
	"reading_meshes": ["w"],
	"no_upgrades": ["e/d/d"],
	"methods": ["GET", "HEAD", "POST", "PUT"],
}

decided(from, to, method, path) := decision if {
	question := {"from": from, "to": to, "method": method, "path": path}
	decision := access.decision with input as question with data.isthmus.table as table
}

test_prefix_and_exact_paths if {
	decided("w/a/a", "w/b/b", "GET", "/api/x?y=/z").grounds == {0}
	decided("w/a/a", "w/b/b", "GET", "/v1.0?q").grounds == {0}
	not decided("w/a/a", "w/b/b", "GET", "/api").allow
	not decided("w/a/a", "w/b/b", "GET", "/v1.0/").allow
}

test_any_row_is_enough if {
	decided("w/a/a", "w/b/b", "POST", "/any").grounds == {1}
}

test_reasons if {
	decided("w/a/a", "w/b/b", "GET", "/x").reasons == {"path"}
	decided("w/a/a", "w/b/b", "PUT", "/x").reasons == {"method"}
	decided("w/b/b", "w/a/a", "GET", "/x").reasons == {"no row"}
	decided("w/a/a", "w/b/b", "GET", "/api/../x").reasons == {"unreadable"}
}

test_what_proxies_read_otherwise_is_refused if {
	every path in ["/api//x", "//api/", "/api/./x", "/api/..", "/api/%2e%2e/x", "/api/%2F", "/api/%5c", "/api/#x", "/api\\x", "/api/..;/x", "api/", "/%61pi/"] {
		not decided("w/a/a", "w/b/b", "GET", path).allow
	}
	every path in ["/api/%20", "/api/a..", "/api/.../", "/api/;x"] {
		decided("w/a/a", "w/b/b", "GET", path).allow
	}
}

test_connections_only if {
	decided("e/d/d", "e/c/c", "ODD", "/a%2fb%00").grounds == {4}
	decided("w/b/b", "e/c/c", "GET", "/a%2fb").grounds == {2}
	decided("w/b/b", "e/c/c", "ODD", "/a").reasons == {"unreadable"}
	decided("w/b/b", "e/c/c", "GET", "/a%00b").reasons == {"unreadable"}
}

upgraded(from, to, method, path) := decision if {
	question := {"from": from, "to": to, "method": method, "path": path, "upgrade": true}
	decision := access.decision with input as question with data.isthmus.table as table
}

test_a_switch_of_protocols_needs_a_row_that_allows_everything if {
	upgraded("w/a/a", "w/b/b", "GET", "/api/").reasons == {"upgrade"}
	upgraded("w/b/b", "e/d/d", "GET", "/").reasons == {"upgrade"}
	upgraded("w/b/b", "e/c/c", "GET", "/").grounds == {2}
	upgraded("anybody", "w/a/a", "GET", "/").reasons == {"upgrade"}
}

test_anybody_reads_a_page if {
	decided("anybody", "w/a/a", "HEAD", "/any").grounds == {"page"}
	not decided("anybody", "w/a/a", "POST", "/any").allow
	not decided("anybody", "w/b/b", "GET", "/api/").allow
}
