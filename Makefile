# pg_retention: the commands. Each is a script in scripts/ that says more in its head.
#
# PG_CONFIG=/path/to/pg_config picks the PostgreSQL; else it is the newest of 15 to 18 that is installed with its headers.

ifdef PG_CONFIG
export PG_CONFIG
endif
ifdef DESTDIR
export DESTDIR
endif
export MAJORS MINUTES CONNECTIONS RUNS SECONDS_EACH ROWS ENGINE_ROWS CUSTOMERS REPETITIONS PATIENCE QUESTIONS KEEP

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help all installcheck dist deb setup build demo demo-stop dashboard dashboard-test dashboard-stop test test-clients test-model test-sql test-docs test-run test-all fuzz soak accept bench bench-model install package clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

demo: ## set up, build, start a throw-away PostgreSQL, load real orders, print who came back
	@scripts/demo.sh

demo-stop: ## stop the demo's server and remove it
	@scripts/demo.sh stop

dashboard: ## set up Apache Superset with a dashboard over the published demo (800 MB below target/dashboard; a few minutes)
	@scripts/dashboard.sh

dashboard-test: ## open it in headless Chromium, compare it with psql, take screenshots
	@scripts/dashboard.sh test

dashboard-stop: ## stop it and remove everything of it
	@scripts/dashboard.sh stop

test: ## set up, build, run every test
	@scripts/test.sh

test-model: ## the mathematics only: no server needed
	@scripts/test.sh model

test-sql: ## the SQL regression tests only (tests/sql; some of them: TESTS="name ...")
	@scripts/test.sh sql

test-docs: ## the examples in README.md and docs/ only
	@scripts/test.sh docs

test-run: ## the tests/*/run.sh only (some of them: RUN="name ...")
	@scripts/test.sh run

test-all: ## every test on every PostgreSQL, 15 to 18; what is not installed is fetched (some of them: MAJORS="18 16")
	@scripts/test-all.sh

fuzz: ## hostile bytes for everything that is decoded, for hours (RUNS=10000000 of each; some of them: scripts/fuzz.sh TARGET)
	@scripts/fuzz.sh

soak: ## every function for 30 minutes in 16 sessions, with cancels, kills and restarts (MINUTES=30 CONNECTIONS=16)
	@scripts/soak.sh

test-clients: ## every client in tests/clients, those that are compiled too (some of them: CLIENTS="odbc jdbc")
	@CLIENTS="$${CLIENTS:-all}" RUN=clients scripts/test.sh run

# Look at 'git diff' afterwards: what it shows is what you accept.
accept: ## take the present output of SQL tests and documented examples as the expected one
	@scripts/test.sh accept

bench: ## measure against the floor, plain SQL, DuckDB and chDB (ROWS=1000000: a quick look; scripts/bench.sh says more)
	@scripts/bench.sh

bench-model: ## measure the model crate by itself
	@cargo bench -p pg_retention_model

setup: ## install what building and testing need (demo and test do it by themselves)
	@scripts/setup.sh

build: ## build the extension for one PostgreSQL, as it is to be installed
	@scripts/setup.sh --check
	@PROFILE=$${PROFILE:-release} scripts/build.sh

# The names that PGXN's client and packagers use.
all: build

installcheck: ## the SQL tests on a running server (PGHOST, PGPORT, PGUSER: a superuser) that has the extension installed
	@scripts/test.sh installed

dist: ## the sources as a zip in target/, for PGXN
	@scripts/install.sh dist

deb: ## Debian packages of PG_CONFIG=..., in target/deb/
	@scripts/deb.sh

install: ## build, and install into the PostgreSQL of PG_CONFIG=... (below DESTDIR, if set)
	@scripts/install.sh

package: ## the same as a tar.gz in target/
	@scripts/install.sh package

clean: ## remove what was built
	rm -rf target
