module isthmus.dev/tools/pause

go 1.26
