module github.com/lockbroker/lockbroker

go 1.26

require (
	github.com/bmatcuk/doublestar/v4 v4.10.4 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/tidwall/btree v1.8.2 // indirect
)
