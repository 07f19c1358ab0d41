# The same things by another name; the scripts need no make.
.PHONY: run test quick build headless bench clean

run:
	bash script/run

test:
	bash script/test

quick:
	bash script/test --quick

build:
	bash script/build window

headless:
	bash script/build headless

bench:
	CGO_ENABLED=0 go test -tags headless -run '^$$' -bench . -benchmem -count 6 ./...

clean:
	rm -rf build dist
