# What one types. `make` alone says what there is.
#
#   CARGO_TARGET_DIR   where cargo builds            (target/)
#   VENV               where Python things are kept  (target/venv/)
#
# Results are written to target/ of this folder, wherever the two are.

export CARGO_TARGET_DIR ?= $(CURDIR)/target
VENV ?= $(CURDIR)/target/venv
ROWCELL := $(CARGO_TARGET_DIR)/debug/rowcell

# A test needs the example. And with it cargo settles on the features that all tests together need:
# `-p rowcell` alone would have half of the embedded database compiled twice.
SELECTED := --workspace --bin rowcell --example echo --example structure --example evcxr-alone \
	--example tokio-postgres-alone
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

KEYRINGS := keyutils dbus gnome-keyring libsecret-tools

# What draws the pictures of charts, for the build to take in; where npm cannot make it, charts are
# specifications without a picture.
VEGA := $(CARGO_TARGET_DIR)/vega/vega.js
NPM := $(CARGO_TARGET_DIR)/npm
FONTS := @expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf \
  @expo-google-fonts/arimo/700Bold/Arimo_700Bold.ttf dejavu-fonts-ttf/ttf/DejaVuSans.ttf

UNCONNECTED := -u ROWCELL_CONNECT -u DATABASE_URL -u PGHOST -u PGHOSTADDR -u PGSERVICE

.DEFAULT_GOAL := help
.PHONY: help build demo test lab quickstart bench lint format build-needs server-needs test-needs python-needs

help:  ## what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

build: build-needs $(VEGA)  ## the program: debug/rowcell
	cargo build --locked $(SELECTED)

demo: build  ## runs the quickstart, writes target/demo.ipynb and target/demo.html
	@mkdir -p target
	$(ROWCELL) run notebooks/quickstart.ipynb --connect local --to target/demo.ipynb
	@$(ROWCELL) run notebooks/quickstart.ipynb --connect local --to target/demo.html >/dev/null
	@echo 'Written: target/demo.ipynb, target/demo.html'

test: test-needs lint $(VENV)/tests/made  ## all tests
	cargo test --locked --workspace
	$(VENV)/tests/bin/pytest tests --numprocesses=2 --rowcell=$(ROWCELL)

lab: build $(VENV)/notebooks/made  ## JupyterLab with the kernel, in notebooks/
	$(ROWCELL) install --prefix $(VENV)/notebooks
	$(VENV)/notebooks/bin/jupyter lab --notebook-dir notebooks $(ALLOW_ROOT)

quickstart: build  ## runs the quickstart anew and keeps what it answers
	env $(UNCONNECTED) $(ROWCELL) run notebooks/quickstart.ipynb --to notebooks/quickstart.ipynb

bench: build server-needs $(VENV)/benches/made  ## the benchmarks beside the peers, to target/bench.md
	@mkdir -p target
	$(VENV)/benches/bin/python benches/bench.py --rowcell=$(ROWCELL) --to=target/bench.md

lint: build-needs $(VEGA)  ## format and clippy, nothing forgiven
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

format:  ## formats the code
	cargo fmt

# The Python things of a folder, from its requirements.txt.
$(VENV)/%/made: %/requirements.txt | python-needs
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(VENV)/tests/made: notebooks/requirements.txt

$(VEGA): $(wildcard crates/display/vega/*)
	@mkdir -p $(@D) $(NPM)
	@cp crates/display/vega/* crates/display/vega/.npmrc $(NPM)
	@if ! command -v npm >/dev/null; then echo 'No npm here: charts will come without a PNG.'; \
	elif cd $(NPM) && npm ci --silent --prefer-offline && npm run --silent build; then \
	  cp $(foreach font,$(FONTS),node_modules/$(font)) $(@D) && mv made.js $@; \
	else echo 'npm failed: charts will come without a PNG.'; fi

# What the system has to have. $(call need,CHECK,PACKAGES): where CHECK fails, root gets the
# packages installed; anyone else is told the one command.
define need
@{ $(1); } >/dev/null 2>&1 || { \
  install='apt-get install -y --no-install-recommends $(2)'; \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$install; \
  else echo "Missing. Install it, then call make again: sudo $$install" >&2; exit 1; fi; }
endef

build-needs:
	$(call need,cc --version && pkg-config --exists openssl,gcc libc6-dev pkg-config libssl-dev)

server-needs:
	$(call need,ls /usr/lib/postgresql/*/bin/postgres && openssl version,postgresql openssl)

test-needs: server-needs
	$(call need,npm --version,npm)
	$(call need,chromium --version,chromium)
	$(call need,/usr/sbin/pgbouncer --version,pgbouncer)
	$(call need,keyctl --version && gnome-keyring-daemon --version && secret-tool lookup --help,$(KEYRINGS))

python-needs:
	$(call need,python3 -c 'import ensurepip',python3-venv)
